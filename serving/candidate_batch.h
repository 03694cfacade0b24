// A request's candidates as the columns that scorers, explorers and diversifiers read.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "features/catalogue.h"
#include "features/feature_vector.h"
#include "learner/scorer.h"
#include "serving/explorers/explorer.h"
#include "serving/gatherer.h"

namespace riffle::serving {

// One thread; keeps its memory between requests. Points into the pool's and the catalogue's rows.
class CandidateBatch {
 public:
  void fill(const std::vector<Candidate>& candidates, const features::UserContext& user, CandidatePool& pool);
  void score(const learner::Scorer& scorer, std::string_view segment, ExplorerNeeds needs);

  std::size_t count() const { return keys_.size(); }
  std::span<const ItemKey> keys() const { return keys_; }
  std::span<const CategoryKey> categories() const { return categories_; }
  std::span<const float> scores() const { return scores_; }
  std::span<const float> draws() const { return draws_; }    // empty where not needed, or not had
  std::span<const float> widths() const { return widths_; }  // likewise
  std::span<const features::KernelVector* const> kernels() const { return kernels_; }
  std::span<const std::span<const CategoryKey>> category_paths() const { return paths_; }
  std::span<const float> signal(features::FeatureColumns::Signal which) const { return signals_[which]; }
  // Of one candidate, as it was scored.
  std::span<const float> features(std::uint32_t candidate) const {
    return std::span<const float>(features_).subspan(candidate * features::kFeatureCount, features::kFeatureCount);
  }

 private:
  void compute(const features::UserContext& user, std::size_t first, std::size_t count);

  std::vector<ItemKey> keys_;
  std::vector<CategoryKey> categories_;
  features::FeatureColumns columns_;
  std::vector<features::FeatureColumns::Candidate> described_;  // of a block
  std::array<std::vector<float>, features::FeatureColumns::kSignals> signals_;
  std::vector<float> features_, given_, scores_, draws_, widths_;
  std::vector<const features::KernelVector*> kernels_;
  std::vector<std::span<const CategoryKey>> paths_;
};

}  // namespace riffle::serving
