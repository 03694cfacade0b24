#include "learner/sequence/interaction_log.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace riffle::learner {
namespace {

constexpr std::uint64_t kMostNumbers = std::uint64_t{1} << 62;  // an interaction each nanosecond for a century
constexpr std::uint64_t kNumbersAPart = 512;                    // of some 30 bytes each

}  // namespace

void InteractionLog::count(const LoggedInteraction& interaction) {
  if (interaction.target) ++counts_[interaction.entry.item];
}

void InteractionLog::uncount(const LoggedInteraction& interaction) {
  if (!interaction.target) return;
  if (const auto of = counts_.find(interaction.entry.item); --of->second == 0) counts_.erase(of);
}

std::uint64_t InteractionLog::add(std::uint64_t user, const SequenceEntry& entry, bool target) {
  const std::uint64_t number = end_;
  LoggedInteraction interaction{user, entry, target, 0};
  if (ring_.size() == most_) {
    const LoggedInteraction& oldest = at(number);  // shares its place
    uncount(oldest);
    if (const auto last = last_of_.find(oldest.user); last != last_of_.end() && last->second + most_ == number) last_of_.erase(last);
  }
  const auto [last, first] = last_of_.try_emplace(user, number);
  if (!first) {
    interaction.back = static_cast<std::uint32_t>(number - last->second);
    last->second = number;
  }
  count(interaction);
  if (ring_.size() < most_)
    ring_.push_back(interaction);
  else
    ring_[number % most_] = interaction;
  ++end_;
  return number;
}

void InteractionLog::forget(std::uint64_t user) {
  const auto last = last_of_.find(user);
  if (last == last_of_.end()) return;
  window(last->second, ring_.size(), forgotten_);
  last_of_.erase(last);
  for (const std::uint64_t number : forgotten_) {
    LoggedInteraction& one = ring_[number % most_];
    uncount(one);
    one = {.user = kForgotten, .entry = {}, .target = false, .back = 0};
  }
}

void InteractionLog::window(std::uint64_t last, std::size_t most, std::vector<std::uint64_t>& numbers) const {
  numbers.assign(1, last);
  while (numbers.size() < most && before(last, last)) numbers.push_back(last);
  std::reverse(numbers.begin(), numbers.end());
}

std::uint32_t InteractionLog::count_of(ItemKey item) const {
  const auto of = counts_.find(item);
  return of == counts_.end() ? 0 : of->second;
}

std::size_t InteractionLog::memory_bytes() const {
  return ring_.capacity() * sizeof(LoggedInteraction) + last_of_.capacity() * 17 + counts_.capacity() * 13;
}

void InteractionLog::save(pb::InteractionLogState& state) const {
  save_parts([&state](const pb::InteractionLogState& part) { state.MergeFrom(part); });
}

void InteractionLog::save_parts(const std::function<void(const pb::InteractionLogState&)>& part) const {
  pb::InteractionLogState state;
  state.set_begin(begin());
  part(state);
  state.Clear();
  for (std::uint64_t number = begin(); number < end_; ++number) {
    if (number % kNumbersAPart == 0 && number != begin()) {
      part(state);
      state.Clear();
    }
    const LoggedInteraction& one = at(number);
    state.add_user(one.user);
    state.add_item(one.entry.item.value());
    state.add_category(one.entry.category.value());
    state.add_time_ms(one.entry.time_ms);
    state.add_type(static_cast<std::uint32_t>(one.entry.type));
    state.add_target(one.target);
    state.add_back(one.back);
  }
  if (!empty()) part(state);
}

absl::Status InteractionLog::load(const pb::InteractionLogState& state) {
  const int held = state.user_size();
  for (const int size : {state.item_size(), state.category_size(), state.time_ms_size(), state.type_size(), state.target_size(),
                         state.back_size()})
    if (size != held || static_cast<std::size_t>(held) > most_)
      return absl::InvalidArgumentError(absl::StrCat("a log of ", held, " users and ", size, " of something else; at most ", most_,
                                                     " fit"));
  // Only a full one has let go of any; numbers have their places in it.
  if (state.begin() > kMostNumbers || (state.begin() > 0 && static_cast<std::size_t>(held) != most_))
    return absl::InvalidArgumentError(absl::StrCat("a log begins with number ", state.begin(), " and holds ", held, " of ", most_,
                                                   ": it is cut short, or was made with another `log`"));
  ring_.resize(static_cast<std::size_t>(held));
  for (int i = 0; i < held; ++i) {
    if (state.type(i) >= records::kInteractionTypes)
      return absl::InvalidArgumentError(absl::StrCat("a log has an interaction of type ", state.type(i)));
    if (state.back(i) > static_cast<std::uint32_t>(i) ? state.back(i) > state.begin() + static_cast<std::uint64_t>(i)
                                                      : state.user(i - static_cast<int>(state.back(i))) != state.user(i))
      return absl::InvalidArgumentError("a log leads from a user's interaction to another user's");
    const std::uint64_t number = state.begin() + static_cast<std::uint64_t>(i);
    LoggedInteraction& one = ring_[number % most_];
    one = {state.user(i),
           {ItemKey(state.item(i)), CategoryKey(state.category(i)), state.time_ms(i),
            static_cast<records::InteractionType>(state.type(i))},
           state.target(i),
           state.back(i)};
    count(one);
    if (one.user != kForgotten) last_of_[one.user] = number;
  }
  end_ = state.begin() + static_cast<std::uint64_t>(held);
  return absl::OkStatus();
}

}  // namespace riffle::learner
