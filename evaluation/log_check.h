// Is a log good enough to ask it what another policy would have earned? One pass, in memory that does not grow with the
// log.
//
// Against each reference policy (uniform over what was allowed; greedy by the logged scores, where decisions are fully
// logged): the effective sample size of its weights, and the smallest difference to the logged policy that this log
// could detect:
//
//   d_i = Σ_k (w_{i,1:k} − 1)·r_{i,k}      what a round says of the difference (slates: RIPS, McInerney et al. 2020)
//   SE  = √( G/(G−1) · Σ_g (D_g − d̄·n_g)² ) / n        over G groups of users (evaluation/group_sums.h)
//   δ   = (z_{1−α/2} + z_{1−β})·SE = 2.80·SE           two-sided α = 5 %, power 1 − β = 80 %
//
// (the usual power calculation of a mean: Kohavi, Tang & Xu 2020, "Trustworthy Online Controlled Experiments", ch. 17).
// The same of an A/B test with half of these users each, δ = 2.80·2·SE(mean reward), stands beside it.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "base/time.h"
#include "evaluation/bounded_counts.h"
#include "evaluation/group_sums.h"
#include "evaluation/logged_round.h"
#include "evaluation/pareto.h"
#include "evaluation/targets/target.h"
#include "ingest/adapters/adapter.h"

namespace riffle::evaluation {

constexpr double kDetectable = 2.8015852;  // z_.975 + z_.8

struct ReferenceFigures {
  std::string name;
  std::uint64_t rounds = 0;  // that say what it would do
  std::uint64_t unanswerable = 0;
  std::string unanswerable_why;
  double ess = 0;        // of whole lists' weights
  double first_ess = 0;  // of the first slot's
  double mean_weight = 0, largest_weight = 0;
  std::optional<double> k_hat;
  std::optional<double> detectable;  // δ a round; none: fewer than two groups of users
};

struct PositionFigures {
  std::uint64_t slots = 0;
  std::uint64_t rewarded = 0;
  double reward = 0;
  double smallest_propensity = 1;
};

struct LogFigures {
  std::uint64_t rounds = 0, slots = 0, rewarded = 0;  // rewarded rounds
  std::size_t shortest = 0, longest = 0;              // lists
  double users = 0;
  bool users_exact = true;

  // Slots, by what is wrong with their propensity; the rest is in (0, 1].
  std::uint64_t missing = 0, zero = 0, negative = 0, above_one = 0;
  double smallest_propensity = 1;
  std::uint64_t small = 0;    // below 10⁻⁴
  std::uint64_t certain = 0;  // 1, where more than one item was allowed or it is not known
  std::map<std::uint32_t, PositionFigures> positions;
  std::map<std::string, std::uint64_t> logged_by;  // rounds by the policy that made them, of Riffle's own log
  std::uint64_t actions = 0, actions_shown = 0;  // of logs with one set of actions; 0: there is none

  std::vector<ReferenceFigures> references;
  double mean_reward = 0;  // a round
  std::optional<double> detectable_by_test;

  std::uint64_t repeats = 0;               // rounds that came before, within the last 65,536
  std::uint64_t timed = 0, bad_times = 0;  // rounds with a time; with one that is none
  std::uint64_t backwards = 0;             // rounds earlier than one before them (of their shard)
  std::int64_t largest_step_back_ms = 0;
  std::uint64_t other_features = 0;  // slots or rounds logged with another version of the features
  std::uint64_t bad_features = 0;    // slots with features that are not finite, or too few

  double reward_deviation = 0, smallest_reward = 0, largest_reward = 0;  // of rounds
  double largest_rewards_share = 0;  // of all positive reward, of the kLargest largest rounds
  double busiest_user_share = 0;     // of rounds, at least
  static constexpr std::size_t kLargest = 10;
};

struct Finding {
  enum class Level { kNote, kWarning, kBad };
  Level level = Level::kNote;
  std::string_view what;  // part of the report's format
  std::string message;    // what is wrong
  std::string advice;     // what to do
};

class LogCheck {
 public:
  LogCheck();
  void add(const LoggedRound& round);
  LogFigures figures() const;

 private:
  struct Group {
    double rounds = 0, reward = 0;
    std::vector<double> difference;  // by reference
    std::vector<double> reference_rounds;
  };
  struct Reference {
    std::unique_ptr<Target> target;
    ReferenceFigures figures;
    double weight = 0, squares = 0, first_weight = 0, first_squares = 0;
    WeightTail tail;
  };
  void check_propensities(const LoggedRound& round);
  void check_time(const LoggedRound& round);
  void check_features(const LoggedRound& round);
  void check_rewards(const LoggedRound& round);
  void weigh(const LoggedRound& round, Group& group);

  LogFigures sums_;
  std::vector<Reference> references_;
  std::vector<Group> groups_;
  DistinctCount users_;
  HeavyHitter busiest_;
  RecentRepeats recent_;
  std::map<std::int32_t, TimePoint> newest_;  // by shard
  absl::flat_hash_set<std::uint32_t> shown_;
  std::vector<double> largest_;  // rewards, a heap with the smallest in front
  double reward_mean_ = 0, reward_squares_ = 0, positive_reward_ = 0;
  bool usable_ = true;  // the round at hand's propensities
  std::vector<TargetSlot> scratch_;
};

// What stands in the way, worst first. `read`: what became of the log's rows; `unreadable`: rows whose propensity is no
// number.
std::vector<Finding> findings(const LogFigures& figures, const std::vector<ingest::RowCount>& read,
                              std::uint64_t unreadable);

}  // namespace riffle::evaluation
