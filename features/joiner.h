// Joins what users do with the decision that caused it: outcomes, in revisions (DESIGN §6).
//
// Revision 0 comes with the list, or, on a surface that sends impressions, with the first
// impression or click; each reward and each newly exposed slot is a further revision; the window's
// end closes. A reward is joined by recommendation_id and item (or position); without an id, to the
// user's last list within the last-touch window that holds the item. A reward whose decision is not
// known waits for it one window long, across restarts, then goes to the last touch, or is counted
// as unattributed. All state lies in `JoinState`: rows of the shard's store.
//
// One thread: the shard's. Times are shard time (windows) and event time (rewards' own windows).
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/metrics.h"
#include "base/time.h"
#include "features/options.h"
#include "records/event.h"
#include "records/riffle.pb.h"
#include "state/row_cache.h"

namespace riffle::features {

// The shard's rows that the joiner reads and edits; owned by the shard.
struct JoinState {
  const state::Store* store;                 // scanned once, in Joiner::open
  state::RowCache<pb::Decision>* decisions;  // written by the shard, read here
  state::RowCache<pb::Join>* joins;
  state::RowCache<pb::UserLists>* user_lists;
  state::RowCache<pb::WaitingReward>* waiting;
};

// Emptied, it keeps its elements' memory for those to come.
using Outcomes = google::protobuf::RepeatedPtrField<pb::Outcome>;

class Joiner {
 public:
  Joiner(const RowOptions& rows, const JoinOptions& options, JoinState state, Partition shard,
         Metrics& metrics);
  ~Joiner();

  // Reads which windows are open. Call once, before anything else.
  absl::Status open();

  // Appends the revisions that follow to `outcomes`; their `sequence` is given later, by the shard.
  void on_event(const records::Event& event, TimePoint event_time, TimePoint shard_time,
                Outcomes& outcomes);
  // The decision has just been put into `decisions`.
  void on_decision(const pb::Decision& decision, TimePoint shard_time, Outcomes& outcomes);
  void on_tick(TimePoint shard_time, Outcomes& outcomes);
  // Forgets the user's open decisions and waiting rewards.
  void on_erase(const UserId& user);

  std::uint64_t next_ordinal(const UserId& user);
  std::size_t open_windows() const;
  // Recommendation ids whose outcome closed since the last call: the shard may drop their
  // decisions.
  std::vector<RecommendationId> take_closed();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace riffle::features
