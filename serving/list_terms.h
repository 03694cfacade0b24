// What the slots of a list earn by being seen, whatever the user does there (features/options.h RewardOptions):
//
//   diversity·d_k + novelty·n_k
//   d_k = 1 − max_{j<k} sim(k, j)                the kernel's similarity; 1 for the first slot. Of every policy's lists alike,
//                                                whatever its diversifier
//   n_k = 1 − ln(1 + c_k) / ln(1 + c_max)        c: decayed popularity; c_max: that of the most popular item. After the novelty of
//                                                Zhou et al. 2010 (−log2 of an item's share), brought to [0,1]
#pragma once

#include <vector>

#include "features/options.h"
#include "records/riffle.pb.h"
#include "serving/candidate_batch.h"
#include "serving/slate.h"

namespace riffle::serving {

// Sets the bonus of the decision's slots, which are those of the slate.
void add_bonuses(const features::RewardOptions& reward, const Slate& slate, const std::vector<Candidate>& candidates,
                 const CandidateBatch& batch, CandidatePool& pool, const features::ItemStatsSnapshot* stats,
                 pb::Decision& decision);

}  // namespace riffle::serving
