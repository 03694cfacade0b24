// A joiner over a store in memory, and short ways to say what a shop's users do with its lists.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/hash.h"
#include "features/joiner.h"
#include "records/proto_codec.h"
#include "state/memory_store.h"

namespace riffle::features::testing {

constexpr std::int64_t kMinute = 60'000;

struct Joins {
  explicit Joins(JoinOptions join_options = {}, RowOptions row_options = {})
      : rows(std::move(row_options)), options(std::move(join_options)) {
    start();
  }

  // As after a restart: what is in RAM is written, and read again by others.
  void restart() {
    state::WriteBatch batch;
    decisions->freeze().append_to(batch);
    joins->freeze().append_to(batch);
    user_lists->freeze().append_to(batch);
    waiting->freeze().append_to(batch);
    const absl::Status written = store.write(batch, true);
    RIFFLE_CHECK(written.ok(), written.ToString());
    start();
  }

  pb::Decision decide(std::string_view id, std::string_view user,
                      const std::vector<std::string>& items, std::string_view surface = "home") {
    pb::Decision decision;
    decision.set_recommendation_id(std::string(id));
    decision.set_user_id(std::string(user));
    decision.set_surface(std::string(surface));
    decision.set_time_ms(now);
    decision.set_ordinal(joiner->next_ordinal(UserId(user)));
    for (const std::string& item : items) {
      pb::Slot& slot = *decision.add_slots();
      slot.set_item_id(item);
      slot.set_item_key(item_key(item).value());
      slot.set_propensity(0.5);
      slot.add_features(static_cast<float>(decision.slots_size()));
    }
    decision.add_candidates()->set_item_key(99);
    *decisions->edit(decision.recommendation_id()) = decision;
    open(decision);
    return decision;
  }

  void open(const pb::Decision& decision) {
    joiner->on_decision(decision, from_ms(now), made);
    keep();
  }

  // An empty id: the shop does not know which list it came from.
  void act(std::string_view type, std::string_view user, std::string_view item,
           std::string_view id = "", std::int32_t position = -1, double value = 1) {
    records::Event event;
    event.value = value;
    event.type = records::interaction_type(type);
    event.type_name = type;
    event.user_id = UserId(user);
    event.item_id = ItemId(item);
    event.recommendation_id = RecommendationId(id);
    event.position = position;
    joiner->on_event(event, from_ms(now), from_ms(now), made);
    keep();
  }

  void dwell(std::string_view user, std::string_view item, std::string_view id, double seconds) {
    act("dwell", user, item, id, -1, seconds);
  }

  void show(std::string_view user, const std::vector<std::string>& items,
            std::string_view id = "") {
    records::Event event;
    event.kind = records::EventKind::kImpression;
    event.user_id = UserId(user);
    event.recommendation_id = RecommendationId(id);
    for (const std::string& item : items) event.items.push_back({ItemId(item), -1});
    joiner->on_event(event, from_ms(now), from_ms(now), made);
    keep();
  }

  void tick(std::int64_t later_ms) {
    now += later_ms;
    joiner->on_tick(from_ms(now), made);
    keep();
  }

  std::vector<pb::Outcome> take() { return std::exchange(outcomes, {}); }

  double counted(std::string_view outcome) {
    return metrics
        .counter("riffle_reward_join_total", "Rewards by what became of them.",
                 {{"outcome", std::string(outcome)}})
        .Value();
  }

  RowOptions rows;
  JoinOptions options;
  std::int64_t now = 1'760'000'000'000;
  state::MemoryStore store;
  Metrics metrics;
  std::unique_ptr<state::RowCache<pb::Decision>> decisions;
  std::unique_ptr<state::RowCache<pb::Join>> joins;
  std::unique_ptr<state::RowCache<pb::UserLists>> user_lists;
  std::unique_ptr<state::RowCache<pb::WaitingReward>> waiting;
  std::unique_ptr<Joiner> joiner;
  std::vector<pb::Outcome> outcomes;
  Outcomes made;

 private:
  void keep() {
    outcomes.insert(outcomes.end(), made.begin(), made.end());
    made.Clear();
  }

  void start() {
    using state::Column;
    decisions = std::make_unique<state::RowCache<pb::Decision>>(&store, Column::kDecisions, 1000);
    joins = std::make_unique<state::RowCache<pb::Join>>(&store, Column::kJoins, 1000);
    user_lists = std::make_unique<state::RowCache<pb::UserLists>>(&store, Column::kUserLists, 1000);
    waiting = std::make_unique<state::RowCache<pb::WaitingReward>>(&store, Column::kWaiting, 1000);
    joiner = std::make_unique<Joiner>(
        rows, options,
        JoinState{&store, decisions.get(), joins.get(), user_lists.get(), waiting.get()},
        Partition(3), metrics);
    const absl::Status opened = joiner->open();
    RIFFLE_CHECK(opened.ok(), opened.ToString());
  }
};

}  // namespace riffle::features::testing
