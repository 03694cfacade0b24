// The diversity weight λ of a policy, learned for every user segment from the policy's own lists (DESIGN §6).
//
//   bandit   λ is one of a grid, each drawn with a probability that a version says (learner/weight_bandit.h)
//   target   λ moves until the lists are as unlike within as is wanted (learner/weight_target.h): one λ, probability 1
//
// A list is made with one weight, drawn first, and logs all of them: its probability under each is what the bandit learns from, and
// the slots' propensities are those of the mixture (serving/slate.h). Lists whose λ was the request's teach nothing here.
//
// What is learned travels with the policy's versions, behind its scorer's state (learner/policy_version.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "learner/options.h"
#include "learner/trainer.h"
#include "records/riffle.pb.h"

namespace riffle::learner {

constexpr std::size_t kMostSegments = 1000;    // beyond them the least shown eighth goes (incident "segments_evicted")
constexpr std::size_t kEvicted = kMostSegments / 8;

inline bool is_share(double number) { return number >= 0 && number <= 1; }

struct WeightArm {
  double weight = 0;       // λ ∈ [0, 1]
  double probability = 1;
};

// As one version has them. Immutable, any thread.
class DiversityWeights {
 public:
  // `others`: of a segment that is not named. No list is empty; each one's probabilities sum to 1. Segments by stable_hash of their names.
  DiversityWeights(std::vector<WeightArm> others, absl::flat_hash_map<std::uint64_t, std::vector<WeightArm>> segments)
      : others_(std::move(others)), segments_(std::move(segments)) {}

  // Before anything is learned.
  explicit DiversityWeights(const WeightOptions& options);

  // Replaces `out`. `explore` ∈ [0, 1] is the list's dial: explore · p + (1 − explore) · the likeliest weight.
  void arms(std::string_view segment, double explore, std::vector<WeightArm>& out) const;
  std::size_t segments() const { return segments_.size(); }

 private:
  std::vector<WeightArm> others_;
  absl::flat_hash_map<std::uint64_t, std::vector<WeightArm>> segments_;
};

// Learns them from outcomes, online. One thread. save → load → continue equals not having stopped, bit for bit; learning by
// revisions equals waiting.
class WeightTrainer {
 public:
  virtual ~WeightTrainer() = default;
  // A revision of one of the policy's own lists, in order and without repeats. What does not concern it is left out: a list with
  // another λ than the policy's, or one whose log of it cannot be.
  virtual void learn(const pb::Outcome& outcome) = 0;
  virtual std::shared_ptr<const DiversityWeights> weights() const = 0;

  virtual std::string save() const = 0;
  // On error nothing is changed. A state of the other kind is no error: what it knows is of no use, and learning starts anew.
  virtual absl::Status load(std::string_view state) = 0;
  virtual std::vector<TrainerIncident> incidents() const = 0;
};

inline bool learns(const WeightOptions& options) { return options.kind != "none"; }
// Why these options cannot be (and what would), or OK.
absl::Status check(const WeightOptions& options);
// InvalidArgument: kind `none`, or options that cannot be.
absl::StatusOr<std::unique_ptr<WeightTrainer>> make_weight_trainer(const WeightOptions& options);
// Of a state that a trainer saved.
absl::StatusOr<std::shared_ptr<const DiversityWeights>> make_weights(std::string_view state, const WeightOptions& options);

}  // namespace riffle::learner
