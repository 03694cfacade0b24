// Online k-means of users, as they are when they are given a list (features/user_features.h): segments that no rule had to name.
//
//   assign   j = argmin_j |x − c_j|², the lower number of equal ones
//   move     n_j ← min(n_j + 1, kMostWeight),  c_j ← c_j + (x − c_j)/n_j            MacQueen 1967; Sculley 2010 with batches of one
//   begin    where a place is free, a user begins a cluster with chance min(1, |x − c_j|²/(kReluctance · m)), m the mean of that
//            square lately: k-means++'s D² rule (Arthur & Vassilvitskii 2007), by rejection, as users come by and are not kept
//   anew     a cluster that nobody was put into for kPatience · count users has its place free again
//
// Until kMostWeight a centre is the mean of all that were put there; from then on it follows them. The first user begins the first
// cluster. Chances are a hash of the seed and of how many were met: a state and what comes decide all of it, and nothing else is kept.
//
//   A worked example, two places, kReluctance 8. x = 0 begins cluster 0. x = 1: |x − c₀|² = 1, m = (0 + 1)/2, so it begins cluster 1
//   with chance 1/(8 · ½) = ¼; else c₀ moves to 0 + (1 − 0)/2.
//
// A cluster's name is that of its number and of how often it was begun anew, `cluster-3.1`: two users of one name were near one centre.
// Cost: count · kUserFeatureCount multiplications a user. One thread writes; a copy may be read by any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "features/user_features.h"
#include "records/riffle.pb.h"

namespace riffle::learner {

// kUserFeatureCount numbers in [-1, 1], as features/ makes them; others would pull a centre to where nobody is.
bool is_sound_user(std::span<const float> user);

// As the list's decision logged him; empty: it did not.
inline std::span<const float> logged_user(const pb::Outcome& outcome) {
  return {outcome.user_features().data(), static_cast<std::size_t>(outcome.user_features_size())};
}

class UserClusters {
 public:
  // A thousandth of the way is what a user still moves a centre: it forgets within some thousand of its users.
  static constexpr std::uint64_t kMostWeight = 1000;
  // A cluster of less than a hundredth of its even share is as good as empty.
  static constexpr std::uint64_t kPatience = 100;
  // The higher, the closer to k-means++'s draw, and the more users pass by before all places are taken (some eight each).
  static constexpr double kReluctance = 8;
  static constexpr std::uint64_t kMeanOver = 256;            // users that m is of

  UserClusters(std::size_t count, std::uint64_t seed) : seed_(seed), clusters_(count) {}

  std::size_t count() const { return clusters_.size(); }     // of places
  bool empty() const { return met_ == 0; }                   // no cluster has begun
  bool has(std::size_t cluster) const { return !clusters_[cluster].centre.empty(); }
  std::span<const double> centre(std::size_t cluster) const { return clusters_[cluster].centre; }

  // Of a sound user, where not empty().
  std::size_t nearest(std::span<const float> user) const { return find(user).cluster; }
  std::string name(std::size_t cluster) const;
  static bool is_name(std::string_view segment);

  // Of a sound user. The name of the cluster whose place he took, if any.
  std::optional<std::string> learn(std::span<const float> user);

  void save(pb::UserClustersState& state) const;
  // InvalidArgument: numbers that are not finite, or not as many as there are features. On error nothing is changed. Places are the state's.
  absl::Status load(const pb::UserClustersState& state);

 private:
  struct Cluster {
    std::vector<double> centre;                              // empty: a place that was never taken
    std::uint64_t weight = 0;                                // n_j
    std::uint64_t generation = 0;
    std::uint64_t last = 0;                                  // met_ when somebody was put there
  };
  struct Found {
    std::size_t cluster = 0;
    double square = 0;
  };
  Found find(std::span<const float> user) const;
  std::optional<std::size_t> free_place(std::size_t but) const;
  double chance() const;

  std::uint64_t seed_;
  std::vector<Cluster> clusters_;
  std::uint64_t met_ = 0;
  double mean_square_ = 0;                                   // m
};

}  // namespace riffle::learner
