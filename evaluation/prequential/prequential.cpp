#include "evaluation/prequential/prequential.h"

#include <algorithm>
#include <chrono>

#include "base/hash.h"

namespace riffle::evaluation {
namespace {

using Steady = std::chrono::steady_clock;

double seconds_since(Steady::time_point began) { return std::chrono::duration<double>(Steady::now() - began).count(); }

// Taking something back, or saying that one does not like it, is no taking.
bool turns_away(records::InteractionType type) {
  return type == records::InteractionType::kRemoveFromCart || type == records::InteractionType::kDislike;
}

std::string_view type_of(const records::Event& event) {
  return event.type == records::InteractionType::kOther ? std::string_view(event.type_name)
                                                        : records::name_of(event.type);
}

std::int64_t begin_of_slice(TimePoint time, Milliseconds slice) {
  const std::int64_t ms = to_ms(time), length = slice.count();
  return (ms >= 0 ? ms / length : -((-ms + length - 1) / length)) * length;
}

}  // namespace

Prequential::Prequential(PrequentialOptions options, std::vector<std::unique_ptr<Policy>> policies)
    : options_(std::move(options)),
      policies_(std::move(policies)),
      types_(options_.types.begin(), options_.types.end()) {
  longest_ = *std::max_element(options_.ks.begin(), options_.ks.end());
  for (const auto& policy : policies_) result_.policies.push_back({policy->name(), PolicyScores(options_.ks)});
}

Prequential::~Prequential() = default;

void Prequential::item(const records::Item& item, std::optional<TimePoint> time) {
  if (time) now_ = std::max(now_, *time);
  ledger_.describe(item);
  for (const auto& policy : policies_) policy->describe(item, now_ == kNoTime ? from_ms(0) : now_);
}

// The stream's time never runs backwards: what comes late counts as of now.
TimePoint Prequential::time_of(const records::Event& event) {
  if (!event.timestamp) {
    ++result_.without_time;
    return now_ == kNoTime ? from_ms(0) : now_;
  }
  if (*event.timestamp < now_) ++result_.out_of_order;
  now_ = std::max(now_, *event.timestamp);
  return now_;
}

bool Prequential::counts(const records::Event& event) const {
  return types_.empty() ? !turns_away(event.type) : types_.contains(std::string(type_of(event)));
}

void Prequential::event(const records::Event& event) {
  ++result_.events;
  const TimePoint time = time_of(event);
  learn_until(time);
  if (event.kind != records::EventKind::kInteraction || event.item_id.empty()) {
    for (const auto& policy : policies_) policy->observe(event, time);
    return;
  }
  const UserIndex user = ledger_.user(event.user_id);
  if (!ledger_.first_time(user, event.event_id.str())) {
    ++result_.left_out.duplicate;
    return;
  }
  const bool counted = counts(event);
  result_.interactions += counted ? 1 : 0;
  if (!counted) ++result_.left_out.other_type;
  close_others(user, event, time);
  Group& group = group_for(event, user, time);
  group.last = time;
  if (counted && options_.reveal == Reveal::kLine) {
    group.evaluated = to_evaluate(user, time);
    ask(group);
  }
  if (options_.reveal == Reveal::kLine) {
    group.taken.push_back({&event, time, counted});
    close(group);
  } else {
    group.taken.push_back({&group.events.emplace_back(event), time, counted});
    order_.emplace_back(user, time);
  }
}

bool Prequential::same_session(const Group& group, const records::Event& event, TimePoint time) const {
  if (!group.session.empty() || !event.session_id.empty()) return group.session == event.session_id;
  return time - group.last < options_.session_gap;
}

// Ends what the event says is over: of the user himself, and of others from whoever has been quiet longest on.
void Prequential::close_others(UserIndex user, const records::Event& event, TimePoint time) {
  if (options_.reveal == Reveal::kLine) return;
  if (const auto own = open_.find(user); own != open_.end() && !same_session(own->second, event, time)) end(own);
  while (!order_.empty()) {
    const auto [other, last] = order_.front();
    const auto it = open_.find(other);
    if (it != open_.end() && it->second.last == last) {
      if (other == user) break;
      if (options_.reveal == Reveal::kSession && time - last < options_.session_gap) break;
      end(it);
    }
    order_.pop_front();
  }
}

void Prequential::end(absl::flat_hash_map<UserIndex, Group>::iterator open) {
  Group group = std::move(open->second);
  open_.erase(open);
  close(group);
}

// Lines keep their user's group open, too: it knows which basket he is at.
Prequential::Group& Prequential::group_for(const records::Event& event, UserIndex user, TimePoint time) {
  const auto [it, made] = open_.try_emplace(user);
  Group& group = it->second;
  if (!made && (options_.reveal != Reveal::kLine || same_session(group, event, time))) return group;
  group.user = user;
  group.session = event.session_id;
  group.basket = ++baskets_;
  group.first = time;
  if (options_.reveal == Reveal::kLine) return group;
  group.evaluated = to_evaluate(user, time);
  ask(group);
  return group;
}

// Whether a point that begins now is one, as far as can be told before it is revealed.
bool Prequential::to_evaluate(UserIndex user, TimePoint time) {
  const std::uint64_t point = points_seen_++;
  LeftOut& left_out = result_.left_out;
  if (result_.interactions <= options_.warm_up) return ++left_out.warm_up, false;
  if ((options_.from && time < *options_.from) || (options_.to && time >= *options_.to))
    return ++left_out.period, false;
  if (options_.known_users && ledger_.at(user).taken == 0) return ++left_out.new_user, false;
  if (options_.sample >= 1) return true;
  const std::uint64_t hash = stable_hash({reinterpret_cast<const char*>(&point), sizeof(point)}, options_.seed);
  if (static_cast<double>(hash >> 11) * 0x1.0p-53 < options_.sample) return true;
  return ++left_out.not_sampled, false;
}

void Prequential::ask(Group& group) {
  group.known_items = ledger_.items();
  group.taken_before = ledger_.at(group.user).taken;
  if (!group.evaluated) return;
  const Query query{.user = group.user,
                    .time = now_,
                    .n = longest_,
                    .new_only = options_.new_only,
                    .basket = group.basket,
                    .ledger = &ledger_};
  group.lists.resize(policies_.size());
  for (std::size_t i = 0; i < policies_.size(); ++i) {
    const Steady::time_point began = Steady::now();
    policies_[i]->recommend(query, group.lists[i]);
    result_.policies[i].recommend_seconds += seconds_since(began);
    ++result_.policies[i].lists;
  }
  group.popular.clear();
  for (const auto& [score, item] : popularity_.ranking().order()) {
    if (group.popular.size() == longest_) break;
    group.popular.push_back(item);
  }
}

void Prequential::close(Group& group) {
  if (group.evaluated) judge(group);
  group.evaluated = false;
  reveal(group);
  group.taken.clear();
  group.events.clear();
}

void Prequential::judge(Group& group) {
  std::vector<std::optional<ItemIndex>> taken;
  std::vector<ItemId> unknown;
  for (const Taken& one : group.taken) {
    if (!one.counts) continue;
    const std::optional<ItemIndex> item = ledger_.find(one.event->item_id);
    const bool known = item && *item < group.known_items;
    if (options_.new_only && item && ledger_.had(group.user, *item)) {
      ++result_.left_out.had_before;
    } else if (!known && options_.known_items) {
      ++result_.left_out.unknown_item;
    } else if (known ? std::find(taken.begin(), taken.end(), item) != taken.end()
                     : std::find(unknown.begin(), unknown.end(), one.event->item_id) != unknown.end()) {
      ++result_.left_out.twice_in_basket;
    } else {
      taken.push_back(known ? item : std::nullopt);
      if (!known) unknown.push_back(one.event->item_id);
    }
  }
  if (taken.empty()) return;
  ++result_.points;
  if (!result_.first) result_.first = group.first;
  result_.last = group.first;
  const std::int64_t slice = begin_of_slice(group.first, options_.slice);
  for (std::size_t i = 0; i < policies_.size(); ++i) {
    const std::vector<ItemIndex>& list = group.lists[i];
    PolicyScores& scores = result_.policies[i].scores;
    judged_.judge(ledger_, group.user, list, taken, group.popular);
    for (std::size_t at = 0; at < options_.ks.size(); ++at) {
      const std::size_t k = options_.ks[at];
      Sums sums{};
      judged_.add_to(sums, k);
      const auto add = [&](Sums& to) {
        for (std::size_t s = 0; s < kSums; ++s) to[s] += sums[s];
      };
      add(scores.at[at]);
      scores.spread[at].add(list, k);
      if (at != 0) continue;
      const UserId& user = ledger_.at(group.user).id;
      add(scores.users.of(user));
      add(scores.slices.try_emplace(slice, PolicyScores::kSliceGroups).first->second.of(user));
      add(scores.by_activity[activity_group(group.taken_before)]);
      const auto listed = list.begin() + static_cast<std::ptrdiff_t>(std::min(k, list.size()));
      for (const std::optional<ItemIndex>& item : taken) {
        ItemGroupSums& of = scores.by_item[item_group(item.has_value(), item ? ledger_.item(*item).count : 0)];
        of.taken += 1;
        of.hits += item && std::find(list.begin(), listed, *item) != listed ? 1 : 0;
      }
    }
  }
}

void Prequential::reveal(Group& group) {
  for (const Taken& one : group.taken) {
    const ItemIndex item = ledger_.meet(one.event->item_id);
    if (one.counts) {
      ledger_.take(group.user, item);
      popularity_.add(item, one.time);
    }
    Interaction interaction{.user = group.user,
                            .item = item,
                            .basket = group.basket,
                            .time = one.time,
                            .counts = one.counts,
                            .event = one.event};
    if (options_.label_delay.count() > 0)
      unlearned_.push_back({interaction, *one.event});
    else
      learn(interaction);
  }
}

void Prequential::learn(const Interaction& interaction) {
  for (std::size_t i = 0; i < policies_.size(); ++i) {
    const Steady::time_point began = Steady::now();
    policies_[i]->learn(interaction);
    result_.policies[i].learn_seconds += seconds_since(began);
    ++result_.policies[i].learned;
  }
}

void Prequential::learn_until(TimePoint time) {
  while (!unlearned_.empty() && unlearned_.front().interaction.time + options_.label_delay <= time) {
    Unlearned& next = unlearned_.front();
    next.interaction.event = &next.event;
    learn(next.interaction);
    unlearned_.pop_front();
  }
}

PrequentialResult Prequential::finish() {
  for (const auto& [user, last] : order_)
    if (const auto it = open_.find(user); it != open_.end()) end(it);
  for (Unlearned& next : unlearned_) {
    next.interaction.event = &next.event;
    learn(next.interaction);
  }
  unlearned_.clear();
  result_.users = ledger_.users();
  result_.items = ledger_.items();
  for (std::size_t i = 0; i < policies_.size(); ++i) result_.policies[i].memory_bytes = policies_[i]->memory_bytes();
  return std::move(result_);
}

}  // namespace riffle::evaluation
