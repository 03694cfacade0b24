// What a policy thinks of candidates: a reward estimate each. Immutable, any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "features/feature_vector.h"

namespace riffle::learner {

// One request's candidates. Rows of `features` are kFeatureCount long, one a candidate, in the order of the others.
struct ScoringBatch {
  std::span<const float> features;
  std::span<const CategoryKey> categories;
  std::span<const float> given;          // the request's own scores; 0 where it gave none
  std::string_view segment;
  std::size_t count() const { return categories.size(); }
};

class Scorer {
 public:
  virtual ~Scorer() = default;
  // r̂ a candidate, in reward units, finite. `scores` has one place a candidate.
  virtual void score(const ScoringBatch& batch, std::span<float> scores) const = 0;
};

// One version of one policy's scorer, as shards adopt it.
struct PolicyVersion {
  PolicyId policy_id;
  std::uint64_t version = 0;             // 0: before anything was learned
  std::shared_ptr<const Scorer> scorer;
  std::uint64_t slots_learned = 0;       // t of SquareCB's schedule
};

}  // namespace riffle::learner
