// What has been revealed of the stream so far, for the protocol and its metrics: which items there are (numbered in the
// order in which they first appeared, which is also the order of ties), who had what, and how often each item was taken.
// Policies under test do not learn from it: with a label delay it knows more than they may.
//
// Memory: users × items that they had. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "base/ids.h"
#include "base/time.h"
#include "records/item.h"

namespace riffle::evaluation {

using UserIndex = std::uint32_t;
using ItemIndex = std::uint32_t;

struct LedgerItem {
  ItemId id;
  std::uint64_t count = 0;           // times it was taken
  std::vector<CategoryKey> path;     // of its category, from the top; empty: unknown
  std::vector<std::uint32_t> words;  // the ledger's numbers of its title's words, sorted, each once
};

struct LedgerUser {
  UserId id;
  std::uint64_t taken = 0;       // interactions that counted
  std::vector<ItemIndex> items;  // each once, in their order
  absl::flat_hash_set<ItemIndex> had;
  absl::flat_hash_map<CategoryKey, std::uint32_t> categories;  // deepest category → times
  std::vector<std::uint64_t> last_events;                      // a ring of kRemembered hashes of event ids
  std::size_t next_event = 0;
};

class Ledger {
 public:
  static constexpr std::size_t kRemembered = 128;

  UserIndex user(const UserId& id);  // made where it is new
  const LedgerUser& at(UserIndex user) const { return users_[user]; }
  std::optional<ItemIndex> find(const ItemId& id) const;
  const LedgerItem& item(ItemIndex item) const { return items_[item]; }

  // The item's place, which it gets here where it is new.
  ItemIndex meet(const ItemId& id);
  void describe(const records::Item& item);
  // The user took it.
  void take(UserIndex user, ItemIndex item);
  // False: the user's last kRemembered event ids have it; else it is one of them from now on.
  bool first_time(UserIndex user, std::string_view event_id);

  std::size_t users() const { return users_.size(); }
  std::size_t items() const { return items_.size(); }
  std::size_t words() const { return word_of_.size(); }
  std::uint64_t taken() const { return taken_; }
  bool had(UserIndex user, ItemIndex item) const { return users_[user].had.contains(item); }

  // Whether the item is outside of the head: the fifth of the items that is taken most often. (Their smallest count is
  // found anew whenever the stream has grown by a hundredth.)
  bool in_long_tail(ItemIndex item) const { return items_[item].count < head_count_; }

 private:
  struct Description {
    std::vector<CategoryKey> path;
    std::vector<std::uint32_t> words;
  };
  void find_head();

  std::vector<LedgerUser> users_;
  absl::flat_hash_map<UserId, UserIndex> user_of_;
  std::vector<LedgerItem> items_;
  absl::flat_hash_map<ItemId, ItemIndex> item_of_;
  absl::flat_hash_map<ItemId, Description> not_met_;  // described, and not met yet
  absl::flat_hash_map<std::string, std::uint32_t> word_of_;
  std::uint64_t taken_ = 0;
  std::uint64_t head_count_ = 0;
  std::uint64_t head_found_at_ = 0;
  std::vector<std::uint64_t> counts_;  // scratch
};

}  // namespace riffle::evaluation
