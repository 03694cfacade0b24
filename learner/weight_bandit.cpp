#include "learner/weight_bandit.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include <Eigen/Cholesky>

#include "absl/status/status.h"
#include "base/hash.h"
#include "base/log.h"
#include "learner/gaussian_posterior.h"
#include "learner/least_counted.h"
#include "learner/outcome_check.h"

namespace riffle::learner {
namespace {

constexpr double kRounding = 1e-6;  // of probabilities that are to sum to 1

// What a revision adds to a list's reward, and whether it is the one with which the list counts.
struct Change {
  double reward = 0, before = 0;
  bool exposed = false, first = true;
};

Change change_of(const pb::Outcome& outcome) {
  Change change;
  for (const pb::OutcomeSlot& slot : outcome.slots()) {
    if (!slot.exposed()) continue;
    change.exposed = true;
    change.first &= slot.newly_exposed();
    change.reward += slot.reward();
    change.before += slot.reward() - unlearned_reward(slot);
  }
  return change;
}

absl::Status broken(std::string_view what) {
  return absl::InvalidArgumentError("state of a diversity weight's bandit: " + std::string(what));
}

// Shares of draws in which each weight is best.
std::vector<double> best_shares(const Eigen::VectorXd& mean, const Eigen::MatrixXd& precision, double noise, std::uint64_t seed) {
  const auto arms = static_cast<std::size_t>(mean.size());
  std::vector<double> shares(arms, 1.0 / static_cast<double>(arms));
  const Eigen::LLT<Eigen::MatrixXd> factor(precision);
  if (factor.info() != Eigen::Success || !mean.allFinite() || !std::isfinite(noise)) return shares;
  std::vector<float> weights(mean.begin(), mean.end());
  const DrawOptions options{.count = WeightBandit::kDraws, .scale = 1};
  const GaussianPosterior posterior(std::move(weights), factor.matrixL(), noise, options, seed);
  std::vector<float> best(options.count, -std::numeric_limits<float>::infinity()), draws(options.count), unit(arms, 0.F);
  std::vector<std::size_t> which(options.count, 0);
  for (std::size_t arm = 0; arm < arms; ++arm) {
    unit[arm] = 1;
    posterior.draws(unit.data(), draws);
    unit[arm] = 0;
    for (std::size_t i = 0; i < draws.size(); ++i)
      if (draws[i] > best[i]) best[i] = draws[i], which[i] = arm;
  }
  std::fill(shares.begin(), shares.end(), 0.0);
  for (const std::size_t arm : which) shares[arm] += 1.0 / static_cast<double>(options.count);
  return shares;
}

}  // namespace

WeightBandit::WeightBandit(const WeightOptions& options)
    : options_(options), arms_(static_cast<Eigen::Index>(options.grid.size())), forgetting_(options.half_life) {}

// p and w of a list that was made with this grid.
bool WeightBandit::read(const pb::LearnedWeight& logged) {
  const auto arms = static_cast<int>(arms_);
  if (logged.weights_size() != arms || logged.probabilities_size() != arms || logged.log_slates_size() != arms ||
      !std::equal(options_.grid.begin(), options_.grid.end(), logged.weights().begin()))
    return false;
  p_.resize(arms_), w_.resize(arms_);
  double most = -std::numeric_limits<double>::infinity();
  for (int a = 0; a < arms; ++a) {
    p_[a] = logged.probabilities(a);
    if (!(p_[a] >= 0) || !(logged.log_slates(a) <= kRounding)) return false;
    if (p_[a] > 0) most = std::max(most, logged.log_slates(a));
  }
  if (!std::isfinite(most) || !(std::abs(p_.sum() - 1) <= kRounding)) return false;
  for (int a = 0; a < arms; ++a) w_[a] = p_[a] > 0 ? p_[a] * std::exp(logged.log_slates(a) - most) : 0;
  w_ /= w_.sum();
  return true;
}

void WeightBandit::learn(const pb::Outcome& outcome) {
  if (!outcome.has_learned_weight() || !read(outcome.learned_weight())) return;
  const Change change = change_of(outcome);
  if (!change.exposed) return;
  const double weight = forgetting_.weight_at(outcome.decision_ms(), [this](double factor) { scale(segments_, factor); });
  if (!(weight > 0)) return;
  Segment& sums = segment(stable_hash(outcome.segment()));
  const Eigen::VectorXd x = w_ - p_;
  if (change.first) {
    sums.gram.diagonal() += weight * w_;
    sums.gram += weight * (p_ * p_.transpose() - w_ * p_.transpose() - p_ * w_.transpose());
    sums.surprise += weight * x;
    sums.count += weight;
  }
  sums.moment += weight * (change.reward - change.before) * x;
  sums.reward += weight * (change.reward - change.before);
  sums.squares += weight * (change.reward * change.reward - change.before * change.before);
}

void WeightBandit::scale(Segments& segments, double factor) {
  for (auto& [key, sums] : segments) {
    sums.gram *= factor, sums.moment *= factor, sums.surprise *= factor;
    sums.count *= factor, sums.reward *= factor, sums.squares *= factor;
  }
}

WeightBandit::Segment& WeightBandit::segment(std::uint64_t key) {
  auto it = segments_.find(key);
  if (it != segments_.end()) return it->second;
  if (segments_.size() >= kMostSegments) make_room();
  return segments_
      .emplace(key, Segment{.gram = Eigen::MatrixXd::Zero(arms_, arms_),
                            .moment = Eigen::VectorXd::Zero(arms_),
                            .surprise = Eigen::VectorXd::Zero(arms_)})
      .first->second;
}

// The least shown eighth goes.
void WeightBandit::make_room() {
  for (const std::uint64_t key : least_counted(segments_, kEvicted, [](const Segment& sums) { return sums.count; })) {
    segments_.erase(key);
    ++evicted_;
  }
}

std::shared_ptr<const DiversityWeights> WeightBandit::weights() const {
  const double now = forgetting_.latest_weight();
  const Eigen::MatrixXd identity = Eigen::MatrixXd::Identity(arms_, arms_);
  Eigen::MatrixXd gram = identity;
  Eigen::VectorXd moment = Eigen::VectorXd::Zero(arms_);
  double count = 0, squares = 0;
  for (const auto& [key, sums] : segments_) {
    if (!(sums.count > 0)) continue;
    const double mean = sums.reward / sums.count;
    gram += sums.gram / now;
    moment += (sums.moment - mean * sums.surprise) / now;
    count += sums.count / now;
    squares += std::max(sums.squares - mean * sums.reward, 0.0) / now;
  }
  if (!(count > 0)) return std::make_shared<const DiversityWeights>(options_);
  const double variance = squares / count;
  const auto arms_of = [&](const Eigen::VectorXd& mean, const Eigen::MatrixXd& precision, double noise, std::uint64_t seed) {
    std::vector<WeightArm> arms;
    const std::vector<double> shares = best_shares(mean, precision, noise, seed);
    for (std::size_t a = 0; a < shares.size(); ++a)
      arms.push_back({options_.grid[a], (1 - kUniform) * shares[a] + kUniform / static_cast<double>(shares.size())});
    return arms;
  };
  const Eigen::MatrixXd covariance = gram.llt().solve(identity);
  const Eigen::VectorXd all = covariance * moment;
  const Eigen::MatrixXd prior = (covariance + identity / options_.prior_lists).llt().solve(identity);
  absl::flat_hash_map<std::uint64_t, std::vector<WeightArm>> segments;
  for (const auto& [key, sums] : segments_) {
    if (!(sums.count > 0)) continue;
    const double lists = sums.count / now, mean = sums.reward / sums.count;
    const double own = std::max(sums.squares - mean * sums.reward, 0.0) / now;
    const double noise = std::sqrt((own + options_.prior_lists * variance) / (lists + options_.prior_lists));
    const Eigen::MatrixXd precision = sums.gram / now + prior;
    const Eigen::VectorXd told = (sums.moment - mean * sums.surprise) / now + prior * all;
    segments.emplace(key, arms_of(precision.llt().solve(told), precision, noise, key));
  }
  return std::make_shared<const DiversityWeights>(arms_of(all, prior, std::sqrt(variance), 0), std::move(segments));
}

std::string WeightBandit::save() const {
  pb::WeightState whole;
  pb::WeightBanditState& state = *whole.mutable_bandit();
  for (const double weight : options_.grid) state.add_grid(weight);
  for (const auto& [key, sums] : segments_) {
    pb::WeightBanditSegment& segment = *state.add_segments();
    segment.set_segment_key(key);
    for (Eigen::Index row = 0; row < arms_; ++row)
      for (Eigen::Index column = 0; column <= row; ++column) segment.add_gram(sums.gram(row, column));
    segment.mutable_moment()->Add(sums.moment.begin(), sums.moment.end());
    segment.mutable_surprise()->Add(sums.surprise.begin(), sums.surprise.end());
    segment.set_count(sums.count);
    segment.set_reward(sums.reward);
    segment.set_squares(sums.squares);
  }
  forgetting_.save(state);
  return whole.SerializeAsString();
}

absl::Status WeightBandit::load(std::string_view bytes) {
  pb::WeightState whole;
  if (!whole.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return broken("not a WeightState, or cut short");
  const pb::WeightBanditState& state = whole.bandit();
  Segments loaded;
  if (!std::equal(options_.grid.begin(), options_.grid.end(), state.grid().begin(), state.grid().end())) {
    if (!bytes.empty()) log::warn("diversity was weighed otherwise before, or by another grid: which weight earns most is learned anew");
    *this = WeightBandit(options_);
    return absl::OkStatus();
  }
  for (const pb::WeightBanditSegment& segment : state.segments()) {
    if (segment.moment_size() != arms_ || segment.surprise_size() != arms_ || segment.gram_size() != arms_ * (arms_ + 1) / 2)
      return broken("a segment's sums are of another grid");
    Segment sums{.gram = Eigen::MatrixXd(arms_, arms_),
                 .moment = Eigen::Map<const Eigen::VectorXd>(segment.moment().data(), arms_),
                 .surprise = Eigen::Map<const Eigen::VectorXd>(segment.surprise().data(), arms_),
                 .count = segment.count(),
                 .reward = segment.reward(),
                 .squares = segment.squares()};
    for (Eigen::Index row = 0, at = 0; row < arms_; ++row)
      for (Eigen::Index column = 0; column <= row; ++column, ++at)
        sums.gram(row, column) = sums.gram(column, row) = segment.gram(static_cast<int>(at));
    if (!sums.gram.allFinite() || !sums.moment.allFinite() || !sums.surprise.allFinite() || !std::isfinite(sums.reward) ||
        !std::isfinite(sums.squares) || !(sums.count >= 0 && std::isfinite(sums.count)) ||
        !(sums.gram.diagonal().minCoeff() >= 0))
      return broken("a sum that cannot be");
    if (!loaded.emplace(segment.segment_key(), std::move(sums)).second) return broken("a segment twice");
  }
  if (loaded.size() > kMostSegments) return broken("more segments than there may be");
  Forgetting forgetting(options_.half_life);
  const absl::Status status = forgetting.load(state, [&](double factor) { scale(loaded, factor); });
  if (!status.ok()) return status;
  forgetting_ = forgetting;
  segments_ = std::move(loaded);
  return absl::OkStatus();
}

std::vector<TrainerIncident> WeightBandit::incidents() const { return {{"segments_evicted", evicted_}}; }

}  // namespace riffle::learner
