// A ridge regression an item, each over the same features: LinUCB's disjoint model (Li et al. 2010). What one item earns says
// nothing of another, so a few dozen items learn what a shared model cannot express, and thousands would learn too slowly.
//
//   A_i = Σ w x xᵀ   b_i = Σ w r x   over the slots that showed item i;  ŵ_i = (A_i + λI)⁻¹ b_i
//
// As in learner/linear_statistics.h, x xᵀ is added once and Δr·x at each revision, so that learning at once equals waiting.
// Any dimension. Items are bounded: at `max_items` the least shown eighth goes. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <Eigen/Core>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "base/ids.h"
#include "learner/forgetting.h"
#include "learner/gaussian_posterior.h"
#include "learner/options.h"
#include "records/riffle.pb.h"

namespace riffle::learner {

// What is known of each item; shared by the versions that know the same.
using ArmPosteriors = absl::flat_hash_map<ItemKey, std::shared_ptr<const GaussianPosterior>>;

class ArmRegressions {
 public:
  ArmRegressions(const LinearArmsOptions& options, std::size_t dimension);

  // As LinearStatistics::weight_at and add.
  double weight_at(std::int64_t decision_ms);
  void add(ItemKey item, const float* features, double weight, bool newly_exposed, double reward, double squared);

  // Of all items; only those are solved again of which something was learned, or all where forgetting has moved them. An item
  // whose regression has no solution keeps its last one.
  const ArmPosteriors& posteriors();
  std::size_t size() const { return arms_.size(); }
  std::size_t dimension() const { return dimension_; }
  std::uint64_t evicted() const { return evicted_; }
  std::uint64_t unsolvable() const { return unsolvable_; }

  void save(pb::LinearArmsState& state) const;
  absl::Status load(const pb::LinearArmsState& state);  // on error nothing is changed

 private:
  struct Arm {
    Eigen::MatrixXd gram;   // lower triangle
    Eigen::VectorXd moment;
    double count = 0;
    double squares = 0;
    std::uint64_t slots = 0;
    bool stale = true;
  };

  void scale(double factor);
  void make_room();
  std::shared_ptr<const GaussianPosterior> solve(ItemKey item, const Arm& arm) const;  // null: no solution

  LinearArmsOptions options_;
  std::size_t dimension_;
  Forgetting forgetting_;
  absl::flat_hash_map<ItemKey, Arm> arms_;
  ArmPosteriors posteriors_;
  double solved_at_ = 0;     // the newest decision's weight then
  std::uint64_t evicted_ = 0;
  std::uint64_t unsolvable_ = 0;
};

}  // namespace riffle::learner
