#include "features/joiner.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "base/errors.h"
#include "base/hash.h"
#include "base/log.h"
#include "features/decay.h"
#include "features/event_types.h"
#include "features/join_outcome.h"
#include "features/join_probe.h"
#include "features/waiting_rewards.h"
#include "records/proto_codec.h"

namespace riffle::features {
namespace {

using records::Event;
using records::EventKind;
using records::InteractionType;

// A reward on its way to a slot, whether it comes from an event or has waited.
struct Reward {
  std::string_view user_id;
  std::uint64_t item_key = 0;
  bool has_item = false;
  std::int32_t position = -1;
  double amount = 0;  // 0: only tells that the slot was seen, or clicked
  std::int64_t time_ms = 0;
  Milliseconds window{0};
  InteractionType type = InteractionType::kOther;
  double dwell_seconds = 0;

  bool engages() const { return amount != 0 || type == InteractionType::kClick; }
};

double dwell_seconds(const Event& event) {
  return event.type == InteractionType::kDwell ? std::max(event.value, 0.0) : 0;
}

// What a slot has of its events, with one more that is worth something. Nothing that is worth something adds up to 0 but a sum,
// so 0 says that nothing has come.
double aggregated(RewardOptions::Aggregate how, double so_far, double amount) {
  using Aggregate = RewardOptions::Aggregate;
  if (how == Aggregate::kSum) return so_far + amount;
  if (how == Aggregate::kLast || so_far == 0) return amount;
  return how == Aggregate::kFirst ? so_far : std::max(so_far, amount);
}

Reward restore(const pb::WaitingReward& waited) {
  return {.user_id = waited.user_id(),
          .item_key = waited.item_key(),
          .has_item = waited.item_key() != 0,
          .position = waited.position(),
          .amount = waited.reward(),
          .time_ms = waited.time_ms(),
          .window = Milliseconds(waited.window_ms()),
          .type = static_cast<InteractionType>(waited.type()),
          .dwell_seconds = waited.dwell_seconds()};
}

}  // namespace

struct Joiner::Impl {
  Impl(const RowOptions& rows, const JoinOptions& join_options, JoinState join_state,
       Partition partition, Metrics& metrics)
      : types(rows.types),
        rewards(rows.reward),
        window(std::max(types.longest_window(), rewards.comeback != 0 ? rewards.comeback_within : Milliseconds(0))),
        options(join_options),
        state(join_state),
        shard(partition),
        probe(metrics),
        waiting(join_state.waiting),
        impression_surfaces(join_options.impression_surfaces.begin(),
                            join_options.impression_surfaces.end()) {}

  absl::Status open();

  // The state of a join that is open, with its decision; nothing is found where either is missing.
  struct Open {
    const pb::Join* join = nullptr;
    const pb::Decision* decision = nullptr;
    explicit operator bool() const { return join && decision; }
  };
  Open find_open(std::string_view id) { return {state.joins->find(id), state.decisions->find(id)}; }

  // Emits the revision that `change` (of the join's rewards and exposures) makes; nothing where it
  // changes nothing.
  template <class Change>
  void revise(const Open& open, std::int64_t time_ms, Outcomes& outcomes, Change&& change);
  void close(const std::string& id, std::int64_t time_ms, Outcomes& outcomes);

  void on_impression(const Event& event, std::int64_t time_ms, Outcomes& outcomes);
  void expose(const Open& open, const std::vector<int>& slots, std::int64_t time_ms,
              Outcomes& outcomes);
  void on_interaction(const Event& event, std::int64_t time_ms, std::int64_t shard_ms,
                      Outcomes& outcomes);
  void wait(const Event& event, const Reward& reward, std::int64_t shard_ms, Outcomes& outcomes);
  // Into an open list, where it holds the item, is the user's, and the reward's window is not over.
  void give(const Open& open, const Reward& reward, Counter& success, Outcomes& outcomes);
  void give_to_last_touch(const Reward& reward, Outcomes& outcomes);
  std::optional<std::string> last_touch(std::string_view user_id, std::uint64_t item_key,
                                        std::int64_t time_ms);

  void open_window(const pb::Decision& decision, std::int64_t shard_ms, Outcomes& outcomes);
  // For a list that is about to open: what the user was shown last has brought him back, if he has been away. By shard time alone,
  // so that a replay needs nothing of a list that has no outcome.
  void come_back(std::string_view user_id, std::int64_t shard_ms, Outcomes& outcomes);
  void forget(const UserId& user);

  EventTypes types;
  RewardOptions rewards;
  Milliseconds window;  // until a list's outcome closes: nothing earns it anything afterwards
  JoinOptions options;
  JoinState state;
  Partition shard;
  JoinProbe probe;
  WaitingRewards waiting;
  absl::flat_hash_set<std::string> impression_surfaces;
  std::set<std::pair<std::int64_t, std::string>> closing;  // closes_ms, recommendation id
  std::vector<RecommendationId> closed;
  pb::Join revised;  // of revise(): kept for its memory
};

absl::Status Joiner::Impl::open() {
  absl::Status broken = absl::OkStatus();
  RIFFLE_RETURN_IF_ERROR(state.store->scan(state::Column::kJoins, "", "",
                                           [&](std::string_view key, std::string_view value) {
                                             pb::Join join;
                                             broken = decode(value, join);
                                             if (broken.ok())
                                               closing.insert({join.closes_ms(), std::string(key)});
                                             return broken.ok();
                                           }));
  if (!broken.ok()) return annotate(broken, "reading open windows");
  return waiting.open(*state.store);
}

template <class Change>
void Joiner::Impl::revise(const Open& open, std::int64_t time_ms, Outcomes& outcomes,
                          Change&& change) {
  revised = *open.join;
  if (!change(revised)) return;
  fill_outcome(*open.decision, *open.join, revised, false, time_ms, shard, *outcomes.Add());
  revised.set_revision(revised.revision() + 1);
  if (pb::Join* row = state.joins->edit(revised.recommendation_id())) row->Swap(&revised);
}

void Joiner::Impl::close(const std::string& id, std::int64_t time_ms, Outcomes& outcomes) {
  const Open open = find_open(id);
  if (open) {
    fill_outcome(*open.decision, *open.join, *open.join, true, time_ms, shard, *outcomes.Add());
  } else {
    log::error(
        "shard {}: the join or the decision of the open list {} is gone; its outcome has no last "
        "revision",
        shard.value(), id);
  }
  if (open.join) {
    closing.erase({open.join->closes_ms(), id});
    if (pb::UserLists* lists = state.user_lists->edit(open.join->user_id())) {
      auto& ids = *lists->mutable_recommendation_ids();
      ids.erase(std::remove(ids.begin(), ids.end(), id), ids.end());
    }
  }
  state.joins->erase(id);
  closed.emplace_back(id);
}

// ---- exposures
// ------------------------------------------------------------------------------------------------------

void Joiner::Impl::expose(const Open& open, const std::vector<int>& slots, std::int64_t time_ms,
                          Outcomes& outcomes) {
  revise(open, time_ms, outcomes, [&](pb::Join& join) {
    bool changed = false;
    for (const int slot : slots) {
      changed |= !join.exposed(slot);
      join.set_exposed(slot, true);
    }
    return changed;
  });
}

void Joiner::Impl::on_impression(const Event& event, std::int64_t time_ms, Outcomes& outcomes) {
  if (!event.recommendation_id.empty()) {
    const Open open = find_open(event.recommendation_id.str());
    if (!open || open.join->user_id() != event.user_id.str()) return;
    std::vector<int> slots;
    for (int i = 0; event.items.empty() && i < open.decision->slots_size(); ++i) slots.push_back(i);
    for (const records::ExposedItem& item : event.items) {
      const int slot = slot_of(*open.decision, key_of(item.item_id).value(), true, item.position);
      if (slot >= 0) slots.push_back(slot);
    }
    return expose(open, slots, time_ms, outcomes);
  }
  std::map<std::string, std::vector<int>> by_list;
  for (const records::ExposedItem& item : event.items) {
    const std::uint64_t key = key_of(item.item_id).value();
    const auto id = last_touch(event.user_id.str(), key, time_ms);
    if (id) by_list[*id].push_back(slot_of(*state.decisions->find(*id), key, true, item.position));
  }
  for (const auto& [id, slots] : by_list) expose(find_open(id), slots, time_ms, outcomes);
}

// ---- rewards
// --------------------------------------------------------------------------------------------------------

void Joiner::Impl::on_interaction(const Event& event, std::int64_t time_ms, std::int64_t shard_ms,
                                  Outcomes& outcomes) {
  Reward reward{.user_id = event.user_id.str(),
                .item_key = event.item_id.empty() ? 0 : key_of(event.item_id).value(),
                .has_item = !event.item_id.empty(),
                .position = event.position,
                .amount = rewards.relevance * types.reward(event),
                .time_ms = time_ms,
                .window = types.reward_window(event),
                .type = event.type,
                .dwell_seconds = dwell_seconds(event)};
  if (event.recommendation_id.empty()) {
    if (reward.engages()) give_to_last_touch(reward, outcomes);
    return;
  }
  const Open open = find_open(event.recommendation_id.str());
  if (open) return give(open, reward, probe.by_id, outcomes);
  if (reward.amount == 0) return;
  if (open.decision) return probe.late.Increment();  // closed already
  wait(event, reward, shard_ms, outcomes);
}

void Joiner::Impl::give(const Open& open, const Reward& reward, Counter& success,
                        Outcomes& outcomes) {
  const int slot = slot_of(*open.decision, reward.item_key, reward.has_item, reward.position);
  if (slot < 0 || open.join->user_id() != reward.user_id) {
    if (reward.amount != 0) probe.unattributed.Increment();
    return;
  }
  if (reward.time_ms > open.decision->time_ms() + reward.window.count()) {
    if (reward.amount != 0) probe.late.Increment();
    return;
  }
  if (reward.amount != 0) success.Increment();
  revise(open, reward.time_ms, outcomes, [&](pb::Join& join) {
    const double before = join.rewards(slot);
    if (reward.amount != 0) join.set_rewards(slot, aggregated(rewards.aggregate, before, reward.amount));
    bool changed = join.rewards(slot) != before || !join.exposed(slot);
    if (reward.engages()) changed |= engage(join, slot, reward.type, reward.dwell_seconds);
    join.set_exposed(slot, true);
    return changed;
  });
}

// Newest first, until one is older than the window: a user's lists are in the order of their
// making.
std::optional<std::string> Joiner::Impl::last_touch(std::string_view user_id,
                                                    std::uint64_t item_key, std::int64_t time_ms) {
  const pb::UserLists* lists = state.user_lists->find(user_id);
  if (!lists) return std::nullopt;
  const auto& ids = lists->recommendation_ids();
  for (auto id = ids.rbegin(); id != ids.rend(); ++id) {
    const pb::Decision* decision = state.decisions->find(*id);
    if (!decision || decision->time_ms() > time_ms) continue;
    if (decision->time_ms() < time_ms - options.last_touch_window.count()) return std::nullopt;
    if (slot_of(*decision, item_key, true, -1) >= 0) return *id;
  }
  return std::nullopt;
}

void Joiner::Impl::give_to_last_touch(const Reward& reward, Outcomes& outcomes) {
  const auto id =
      reward.has_item ? last_touch(reward.user_id, reward.item_key, reward.time_ms) : std::nullopt;
  const Open open = id ? find_open(*id) : Open{};
  if (open) return give(open, reward, probe.last_touch, outcomes);
  if (reward.amount != 0) probe.unattributed.Increment();
}

void Joiner::Impl::wait(const Event& event, const Reward& reward, std::int64_t shard_ms,
                        Outcomes& outcomes) {
  if (options.waiting_rewards == 0) return give_to_last_touch(reward, outcomes);
  if (waiting.size() >= options.waiting_rewards) {
    probe.pushed_out.Increment();
    if (const auto oldest = waiting.take_oldest()) give_to_last_touch(restore(*oldest), outcomes);
  }
  pb::WaitingReward row;
  row.set_recommendation_id(event.recommendation_id.str());
  row.set_user_id(event.user_id.str());
  row.set_item_key(reward.item_key);
  row.set_reward(reward.amount);
  row.set_position(reward.position);
  row.set_time_ms(reward.time_ms);
  row.set_gives_up_ms(shard_ms + reward.window.count());
  row.set_type(static_cast<std::uint32_t>(event.type));
  row.set_window_ms(reward.window.count());
  row.set_dwell_seconds(reward.dwell_seconds);
  waiting.add(row);
}

// ---- windows
// --------------------------------------------------------------------------------------------------------

void Joiner::Impl::open_window(const pb::Decision& decision, std::int64_t shard_ms,
                               Outcomes& outcomes) {
  const std::string& id = decision.recommendation_id();
  if (state.joins->find(id)) return;  // the same list once more
  if (rewards.comeback != 0) come_back(decision.user_id(), shard_ms, outcomes);
  pb::Join* join = state.joins->edit(id);
  pb::UserLists* lists = state.user_lists->edit(decision.user_id());
  if (!join || !lists) return;  // a store error: the shard stops
  *join = make_join(decision);
  join->set_opened_ms(shard_ms);
  join->set_closes_ms(std::max(shard_ms, decision.time_ms()) + window.count());
  closing.insert({join->closes_ms(), id});
  lists->add_recommendation_ids(id);
  lists->set_next_ordinal(std::max(lists->next_ordinal(), decision.ordinal() + 1));

  if (!impression_surfaces.contains(decision.surface())) {
    revise({join, &decision}, decision.time_ms(), outcomes, [](pb::Join& seen) {
      std::fill(seen.mutable_exposed()->begin(), seen.mutable_exposed()->end(), true);
      return true;
    });
  }
  for (const pb::WaitingReward& waited : waiting.take_for(id))
    give({state.joins->find(id), &decision}, restore(waited), probe.waited, outcomes);

  while (static_cast<std::size_t>(lists->recommendation_ids_size()) >
         options.open_decisions_per_user) {
    const std::string oldest = lists->recommendation_ids(0);
    lists->mutable_recommendation_ids()->erase(lists->recommendation_ids().begin());
    probe.closed_early.Increment();
    close(oldest, shard_ms, outcomes);
    lists = state.user_lists->edit(decision.user_id());  // close() edits the row too
    if (!lists) return;
  }
}

void Joiner::Impl::come_back(std::string_view user_id, std::int64_t shard_ms, Outcomes& outcomes) {
  const pb::UserLists* lists = state.user_lists->find(user_id);
  if (!lists || lists->recommendation_ids().empty()) return;
  const Open last = find_open(*lists->recommendation_ids().rbegin());
  if (!last) return;
  const std::int64_t away = shard_ms - last.join->opened_ms();
  if (away < rewards.comeback_after.count() || away > rewards.comeback_within.count()) return;
  revise(last, shard_ms, outcomes, [&](pb::Join& join) {
    join.set_comeback(rewards.comeback * decay_factor(away, rewards.comeback_half_life));
    return true;
  });
}

void Joiner::Impl::forget(const UserId& user) {
  waiting.erase_user(user);
  if (!state.user_lists->find(user.str())) return;
  pb::UserLists* lists = state.user_lists->edit(user.str());
  if (!lists) return;
  for (const std::string& id : lists->recommendation_ids()) {
    if (const pb::Join* join = state.joins->find(id)) closing.erase({join->closes_ms(), id});
    state.joins->erase(id);
    closed.emplace_back(id);
  }
  lists->clear_recommendation_ids();  // the ordinal goes on: a learner must not pair what lies
                                      // before with what follows
}

// ---- the joiner
// -----------------------------------------------------------------------------------------------------

Joiner::Joiner(const RowOptions& rows, const JoinOptions& options, JoinState state, Partition shard,
               Metrics& metrics)
    : impl_(std::make_unique<Impl>(rows, options, state, shard, metrics)) {}
Joiner::~Joiner() = default;

absl::Status Joiner::open() { return impl_->open(); }

void Joiner::on_event(const Event& event, TimePoint event_time, TimePoint shard_time,
                      Outcomes& outcomes) {
  if (event.kind == EventKind::kImpression)
    impl_->on_impression(event, to_ms(event_time), outcomes);
  if (event.kind == EventKind::kInteraction)
    impl_->on_interaction(event, to_ms(event_time), to_ms(shard_time), outcomes);
}

void Joiner::on_decision(const pb::Decision& decision, TimePoint shard_time, Outcomes& outcomes) {
  impl_->open_window(decision, to_ms(shard_time), outcomes);
}

// In the order of time; at the same time rewards give up waiting first, so that none misses a list
// that just closes.
void Joiner::on_tick(TimePoint shard_time, Outcomes& outcomes) {
  const std::int64_t now = to_ms(shard_time);
  auto& closing = impl_->closing;
  while (true) {
    const auto give_up = impl_->waiting.next_give_up_ms();
    const bool closes = !closing.empty() && closing.begin()->first <= now;
    if (give_up && *give_up <= now && (!closes || *give_up <= closing.begin()->first)) {
      if (const auto waited = impl_->waiting.take_given_up(now))
        impl_->give_to_last_touch(restore(*waited), outcomes);
    } else if (closes) {
      const std::string id = closing.begin()->second;
      closing.erase(closing.begin());
      impl_->close(id, now, outcomes);
    } else {
      return;
    }
  }
}

void Joiner::on_erase(const UserId& user) { impl_->forget(user); }

std::uint64_t Joiner::next_ordinal(const UserId& user) {
  const pb::UserLists* lists = impl_->state.user_lists->find(user.str());
  return lists ? lists->next_ordinal() : 0;
}

std::size_t Joiner::open_windows() const { return impl_->closing.size(); }

std::vector<RecommendationId> Joiner::take_closed() { return std::exchange(impl_->closed, {}); }

}  // namespace riffle::features
