// Prequential evaluation (test, then train; Gama, Sebastião & Rodrigues 2013; for recommenders Vinagre, Jorge & Gama 2014):
// every policy is asked for a list before an event is revealed, the list is judged by the event, and then the policy learns
// from it. All policies see one pass over the stream, and are judged at the same points.
//
//   Prequential run(options, std::move(policies));
//   run.item(item, time); run.event(event, time); …         // in the stream's order
//   const PrequentialResult result = run.finish();
//
// A point of evaluation is a line (one interaction), or a basket: interactions of one user and session, revealed together.
// Baskets end where the log goes on with another user or session; sessions, which others' events may interleave, end with
// the user's next session or a pause, and are predicted from what was known at their first event.
//
// Memory: what the policies keep; users × items that they had (ledger.h); sums. One thread.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "evaluation/baselines/ranking.h"
#include "evaluation/prequential/metrics.h"
#include "evaluation/prequential/policy.h"
#include "evaluation/prequential/scoring.h"
#include "records/event.h"
#include "records/item.h"

namespace riffle::evaluation {

enum class Reveal { kLine, kBasket, kSession };

struct PrequentialOptions {
  Reveal reveal = Reveal::kLine;
  Milliseconds session_gap{std::chrono::minutes(30)};  // a session ends with such a pause; also where events name none
  bool new_only = false;                               // what the user had is neither listed nor evaluated
  bool known_items = false;                            // what has not appeared before is not evaluated
  bool known_users = false;                            // a user without a past is not evaluated
  std::uint64_t warm_up = 0;                           // interactions that are only learned
  std::optional<TimePoint> from, to;                   // evaluated: from ≤ time < to
  double sample = 1;                                   // share of the points that are evaluated, by hash
  std::uint64_t seed = 1;                              // of that hash
  Milliseconds label_delay{0};                         // before an interaction is learned, in the stream's time
  std::vector<std::string> types;      // of interactions that are predicted; empty: all but those that turn away
  std::vector<std::size_t> ks = {10};  // the first one is that of slices, groups and intervals
  Milliseconds slice{std::chrono::hours(24 * 7)};
};

// What was not evaluated, and why: the first reason that holds.
struct LeftOut {
  // Interactions.
  std::uint64_t duplicate = 0;  // neither evaluated nor learned
  std::uint64_t other_type = 0;
  // Points: lines, baskets or sessions.
  std::uint64_t warm_up = 0;
  std::uint64_t period = 0;
  std::uint64_t new_user = 0;
  std::uint64_t not_sampled = 0;
  // Interactions of the other points.
  std::uint64_t had_before = 0;
  std::uint64_t unknown_item = 0;
  std::uint64_t twice_in_basket = 0;
};

struct PolicyResult {
  std::string name;
  PolicyScores scores;
  double recommend_seconds = 0, learn_seconds = 0;
  std::uint64_t lists = 0, learned = 0;
  std::size_t memory_bytes = 0;
};

struct PrequentialResult {
  std::uint64_t events = 0, interactions = 0, points = 0, out_of_order = 0, without_time = 0;
  std::size_t users = 0, items = 0;  // that appeared
  LeftOut left_out;
  std::optional<TimePoint> first, last;  // of the points evaluated
  std::vector<PolicyResult> policies;
};

class Prequential {
 public:
  Prequential(PrequentialOptions options, std::vector<std::unique_ptr<Policy>> policies);
  ~Prequential();

  void item(const records::Item& item, std::optional<TimePoint> time);
  void event(const records::Event& event);
  std::uint64_t events() const { return result_.events; }
  // Judges and learns what is open. Nothing may follow.
  PrequentialResult finish();

 private:
  struct Taken {
    const records::Event* event = nullptr;  // a line's is the caller's, a basket's the group's
    TimePoint time{};
    bool counts = true;
  };
  struct Group {  // a line, a basket or a session that is being gathered
    UserIndex user = 0;
    SessionId session;
    std::uint64_t basket = 0;
    TimePoint first{}, last{};
    bool evaluated = false;
    std::size_t known_items = 0;                // numbers below had appeared when it was asked
    std::uint64_t taken_before = 0;             // by the user
    std::vector<std::vector<ItemIndex>> lists;  // a policy
    std::vector<ItemIndex> popular;
    std::vector<Taken> taken;
    std::deque<records::Event> events;
  };
  struct Unlearned {
    Interaction interaction;
    records::Event event;
  };

  TimePoint time_of(const records::Event& event);
  bool counts(const records::Event& event) const;
  bool same_session(const Group& group, const records::Event& event, TimePoint time) const;
  Group& group_for(const records::Event& event, UserIndex user, TimePoint time);
  void close_others(UserIndex user, const records::Event& event, TimePoint time);
  void end(absl::flat_hash_map<UserIndex, Group>::iterator open);
  bool to_evaluate(UserIndex user, TimePoint time);
  void ask(Group& group);
  void close(Group& group);
  void judge(Group& group);
  void reveal(Group& group);
  void learn(const Interaction& interaction);
  void learn_until(TimePoint time);

  PrequentialOptions options_;
  std::vector<std::unique_ptr<Policy>> policies_;
  Ledger ledger_;
  Popularity popularity_;  // what serendipity is measured against
  absl::flat_hash_set<std::string> types_;
  absl::flat_hash_map<UserIndex, Group> open_;
  // Who took something when, as long as it may be what a session of open_ ends by. Entries of users who took something
  // since are passed over.
  std::deque<std::pair<UserIndex, TimePoint>> order_;
  std::deque<Unlearned> unlearned_;
  TimePoint now_ = kNoTime;  // the largest time so far
  std::uint64_t baskets_ = 0;
  std::uint64_t points_seen_ = 0;
  std::size_t longest_ = 10;  // of ks
  JudgedList judged_;
  PrequentialResult result_;
};

}  // namespace riffle::evaluation
