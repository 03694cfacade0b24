// What a decision keeps of how it was made: the slots with their exact propensities and the
// features that were scored, and the candidates that it was made from. Learners and evaluation read
// nothing else.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "records/candidate_table.h"
#include "records/riffle.pb.h"
#include "serving/candidate_batch.h"
#include "serving/scratch_map.h"
#include "serving/slate.h"

namespace riffle::serving {

// One thread; keeps its memory from decision to decision. The calls in their order, once each.
class DecisionLog {
 public:
  void log_slots(const Slate& slate, const std::vector<Candidate>& candidates,
                 const CandidateBatch& batch, const CandidatePool& pool, pb::Decision& decision);
  // Keys and distinct categories of all candidates; features of all where the decision is fully
  // logged (by the hash of its origin, with the probability that is recorded), else of
  // `options.sampled_candidates` drawn uniformly without repetition.
  void log_candidates(const std::vector<Candidate>& candidates, const CandidateBatch& batch,
                      std::string_view origin, const ServingOptions& options, Rng& rng,
                      pb::Decision& decision);
  // Writes the decision's `candidate_table`. `choice`: null where it is not logged.
  void finish(const pb::ChoiceLog* choice, pb::Decision& decision);

 private:
  void log_categories(std::span<const CategoryKey> categories);
  void log_candidate(std::uint32_t place, const std::vector<Candidate>& candidates,
                     const CandidateBatch& batch);

  records::CandidateTableWriter table_;
  ScratchMap<std::uint32_t> categories_;  // a category's number among the distinct ones
  std::vector<std::uint32_t> places_;
};

// 32 hex digits, 12 of the decision's time and 20 of a hash: a function of the request's place and of all
// that was decided (DESIGN §3), whose bytes these are: the decision's behind the place's, without an id and
// a list. The time comes first so that what is stored by these ids is stored in about the order in which it
// is made: new rows lie beside each other, where random ones would each be looked for all over the store.
std::string recommendation_id(TimePoint time, std::string_view bytes);

}  // namespace riffle::serving
