// Rewards that came before their decision: rows of the store, and in RAM the three orders in which
// they leave: by the list that they wait for, by the time at which they give up, by age.
//
// A row's key is recommendation_id \0 number (big-endian); numbers grow, and are only compared with
// those still there.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/ids.h"
#include "records/riffle.pb.h"
#include "state/row_cache.h"

namespace riffle::features {

class WaitingRewards {
 public:
  explicit WaitingRewards(state::RowCache<pb::WaitingReward>* rows) : rows_(rows) {}

  absl::Status open(const state::Store& store);
  void add(const pb::WaitingReward& reward);

  // Each takes what it answers away; oldest first.
  std::vector<pb::WaitingReward> take_for(std::string_view recommendation_id);
  std::optional<pb::WaitingReward> take_oldest();
  std::optional<pb::WaitingReward> take_given_up(
      std::int64_t shard_ms);  // the earliest whose time has come
  void erase_user(const UserId& user);

  std::optional<std::int64_t> next_give_up_ms() const;
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string recommendation_id;
    std::string user_id;
    std::int64_t gives_up_ms = 0;
  };
  static std::string row_key(std::string_view recommendation_id, std::uint64_t number);
  void index(std::uint64_t number, const pb::WaitingReward& reward);
  std::optional<pb::WaitingReward> take(std::uint64_t number);

  state::RowCache<pb::WaitingReward>* rows_;
  std::map<std::uint64_t, Entry> entries_;                       // by number
  std::set<std::pair<std::int64_t, std::uint64_t>> by_give_up_;  // time, number
  std::set<std::pair<std::string, std::uint64_t>> by_list_;      // recommendation id, number
};

}  // namespace riffle::features
