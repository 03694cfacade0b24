#include "features/waiting_rewards.h"

#include "base/errors.h"
#include "records/proto_codec.h"

namespace riffle::features {

std::string WaitingRewards::row_key(std::string_view recommendation_id, std::uint64_t number) {
  std::string key(recommendation_id);
  key += '\0';
  key += state::number_key(number);
  return key;
}

absl::Status WaitingRewards::open(const state::Store& store) {
  absl::Status broken = absl::OkStatus();
  RIFFLE_RETURN_IF_ERROR(store.scan(
      state::Column::kWaiting, "", "", [&](std::string_view key, std::string_view value) {
        pb::WaitingReward reward;
        broken = decode(value, reward);
        if (broken.ok() && key.size() != reward.recommendation_id().size() + 9)
          broken = fatal_error(absl::StatusCode::kDataLoss,
                               "the key of a waiting reward is not its list's id and a number");
        if (!broken.ok()) return false;
        index(state::number_of(key.substr(key.size() - 8)), reward);
        return true;
      }));
  return broken.ok() ? broken : annotate(broken, "reading waiting rewards");
}

void WaitingRewards::index(std::uint64_t number, const pb::WaitingReward& reward) {
  entries_[number] = {reward.recommendation_id(), reward.user_id(), reward.gives_up_ms()};
  by_give_up_.insert({reward.gives_up_ms(), number});
  by_list_.insert({reward.recommendation_id(), number});
}

void WaitingRewards::add(const pb::WaitingReward& reward) {
  const std::uint64_t number = entries_.empty() ? 1 : entries_.rbegin()->first + 1;
  pb::WaitingReward* row = rows_->edit(row_key(reward.recommendation_id(), number));
  if (!row) return;  // a store error: the cache keeps it and the shard stops
  *row = reward;
  index(number, reward);
}

std::optional<pb::WaitingReward> WaitingRewards::take(std::uint64_t number) {
  const auto it = entries_.find(number);
  const std::string key = row_key(it->second.recommendation_id, number);
  const pb::WaitingReward* row = rows_->find(key);
  std::optional<pb::WaitingReward> reward;
  if (row) reward = *row;
  rows_->erase(key);
  by_give_up_.erase({it->second.gives_up_ms, number});
  by_list_.erase({it->second.recommendation_id, number});
  entries_.erase(it);
  return reward;
}

std::vector<pb::WaitingReward> WaitingRewards::take_for(std::string_view recommendation_id) {
  std::vector<pb::WaitingReward> rewards;
  while (true) {
    const auto it = by_list_.lower_bound({std::string(recommendation_id), 0});
    if (it == by_list_.end() || it->first != recommendation_id) return rewards;
    if (auto reward = take(it->second)) rewards.push_back(*std::move(reward));
  }
}

std::optional<pb::WaitingReward> WaitingRewards::take_oldest() {
  return entries_.empty() ? std::nullopt : take(entries_.begin()->first);
}

std::optional<pb::WaitingReward> WaitingRewards::take_given_up(std::int64_t shard_ms) {
  if (by_give_up_.empty() || by_give_up_.begin()->first > shard_ms) return std::nullopt;
  return take(by_give_up_.begin()->second);
}

std::optional<std::int64_t> WaitingRewards::next_give_up_ms() const {
  if (by_give_up_.empty()) return std::nullopt;
  return by_give_up_.begin()->first;
}

void WaitingRewards::erase_user(const UserId& user) {
  std::vector<std::uint64_t> numbers;
  for (const auto& [number, entry] : entries_)
    if (entry.user_id == user.str()) numbers.push_back(number);
  for (const std::uint64_t number : numbers) take(number);
}

}  // namespace riffle::features
