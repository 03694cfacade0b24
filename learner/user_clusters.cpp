#include "learner/user_clusters.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/hash.h"

namespace riffle::learner {
namespace {

constexpr char kName[] = "cluster-";

absl::Status broken(std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("the state of user clusters holds ", std::string(what)));
}

}  // namespace

bool is_sound_user(std::span<const float> user) {
  return user.size() == features::kUserFeatureCount &&
         std::all_of(user.begin(), user.end(), [](float x) { return std::abs(x) <= 1; });  // false for NaN
}

UserClusters::Found UserClusters::find(std::span<const float> user) const {
  RIFFLE_CHECK(!empty() && user.size() == features::kUserFeatureCount, "met", met_, "features", user.size());
  Found best{.square = std::numeric_limits<double>::infinity()};
  for (std::size_t j = 0; j < clusters_.size(); ++j) {
    const std::vector<double>& centre = clusters_[j].centre;
    if (centre.empty()) continue;
    double square = 0;
    for (std::size_t i = 0; i < user.size(); ++i) {
      const double gap = static_cast<double>(user[i]) - centre[i];
      square += gap * gap;
    }
    if (square < best.square) best = {j, square};
  }
  return best;
}

std::string UserClusters::name(std::size_t cluster) const {
  return absl::StrCat(kName, cluster, ".", clusters_[cluster].generation);
}

bool UserClusters::is_name(std::string_view segment) { return segment.starts_with(kName); }

// One that was never taken, else one that nobody was put into for long; none but the user's own would be no gain.
std::optional<std::size_t> UserClusters::free_place(std::size_t but) const {
  for (std::size_t j = 0; j < clusters_.size(); ++j)
    if (!has(j)) return j;
  for (std::size_t j = 0; j < clusters_.size(); ++j)
    if (j != but && met_ - clusters_[j].last > kPatience * clusters_.size()) return j;
  return std::nullopt;
}

// In [0, 1), of this user.
double UserClusters::chance() const {
  return static_cast<double>(stable_hash(absl::StrCat(met_), seed_) >> 11) * 0x1.0p-53;
}

std::optional<std::string> UserClusters::learn(std::span<const float> user) {
  const auto begin = [&](std::size_t place) {
    Cluster& cluster = clusters_[place];
    cluster.centre.assign(user.begin(), user.end());
    cluster.weight = 1;
    cluster.last = met_;
  };
  if (empty()) {
    ++met_;
    begin(0);
    return std::nullopt;
  }
  const Found nearest = find(user);
  ++met_;
  mean_square_ += (nearest.square - mean_square_) / static_cast<double>(std::min(met_, kMeanOver));
  const auto place = free_place(nearest.cluster);
  if (place && chance() * kReluctance * mean_square_ < nearest.square) {
    std::optional<std::string> gone;
    if (has(*place)) {
      gone = name(*place);
      ++clusters_[*place].generation;
    }
    begin(*place);
    return gone;
  }
  Cluster& cluster = clusters_[nearest.cluster];
  cluster.weight = std::min(cluster.weight + 1, kMostWeight);
  cluster.last = met_;
  for (std::size_t i = 0; i < user.size(); ++i)
    cluster.centre[i] += (static_cast<double>(user[i]) - cluster.centre[i]) / static_cast<double>(cluster.weight);
  return std::nullopt;
}

void UserClusters::save(pb::UserClustersState& state) const {
  for (const Cluster& cluster : clusters_) {
    pb::UserCluster& saved = *state.add_clusters();
    saved.mutable_centre()->Add(cluster.centre.begin(), cluster.centre.end());
    saved.set_weight(cluster.weight);
    saved.set_generation(cluster.generation);
    saved.set_last(cluster.last);
  }
  state.set_met(met_);
  state.set_mean_square(mean_square_);
}

absl::Status UserClusters::load(const pb::UserClustersState& state) {
  std::vector<Cluster> loaded;
  for (const pb::UserCluster& saved : state.clusters()) {
    const auto& centre = saved.centre();
    if (!centre.empty() && centre.size() != static_cast<int>(features::kUserFeatureCount))
      return broken(absl::StrCat("a centre of ", centre.size(), " numbers in the place of ", features::kUserFeatureCount));
    if (!std::all_of(centre.begin(), centre.end(), [](double x) { return std::abs(x) <= 1; }))
      return broken("a centre that is not in [-1, 1]");
    if (saved.last() > state.met() || (!centre.empty() && saved.weight() == 0)) return broken("a count that cannot be");
    loaded.push_back({{centre.begin(), centre.end()}, saved.weight(), saved.generation(), saved.last()});
  }
  const bool begun = std::any_of(loaded.begin(), loaded.end(), [](const Cluster& one) { return !one.centre.empty(); });
  if (loaded.empty() || begun != (state.met() > 0)) return broken("users without a cluster, or a cluster without users");
  if (!(state.mean_square() >= 0) || !std::isfinite(state.mean_square())) return broken("a mean square that is not finite");
  clusters_ = std::move(loaded);
  met_ = state.met();
  mean_square_ = state.mean_square();
  return absl::OkStatus();
}

}  // namespace riffle::learner
