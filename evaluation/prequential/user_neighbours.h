// What users like the one who asks take how often: user k-nearest neighbours on sets of items (Resnick et al. 1994; for
// baskets that repeat, Hu et al. 2020, TIFU-KNN).
//
//   s(u, v) = Σ_{j taken by both} 1/(users(j) + 5) / √(items(v) + 10)          N: the kMost users of largest s
//   score(u, i) = Σ_{v ∈ N} s(u, v) · baskets of v with i / baskets of v  /  Σ_{v ∈ N} s(u, v)        in [0, 1]
//
// users(j), and who has j in common: the last kSampled who took it for the first time, so that a list's time does not grow
// with the log. Serving has nothing like it: a shard does not see other shards' users. Memory: users × items that they had.
// One thread.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "evaluation/prequential/ledger.h"

namespace riffle::evaluation {

class UserNeighbours {
 public:
  void take(UserIndex user, ItemIndex item, std::uint64_t basket);
  // Whom score() is about. Asked again for the same basket, it answers as it did.
  void ask(UserIndex user, std::uint64_t basket);
  float score(ItemIndex item) const { return item < scores_.size() ? scores_[item] : 0.0F; }
  std::size_t memory_bytes() const;

 private:
  static constexpr std::size_t kMost = 100, kSampled = 1000;

  struct Taken {
    ItemIndex item = 0;
    std::uint32_t baskets = 0;
    std::uint64_t last_basket = 0;
  };
  struct User {
    std::vector<Taken> items;  // each once
    absl::flat_hash_map<ItemIndex, std::uint32_t> place;
    std::uint32_t baskets = 0;
    std::uint64_t last_basket = 0;
  };
  void find_nearest(UserIndex user);

  std::vector<User> users_;
  std::vector<std::vector<UserIndex>> takers_;  // by item, each once, newest last
  UserIndex asked_ = ~UserIndex{0};
  std::uint64_t asked_basket_ = 0;
  std::vector<float> scores_;                            // by item; zeros but where touched
  std::vector<ItemIndex> scored_;                        // where they are not; room for all
  std::size_t scored_count_ = 0;
  std::vector<float> likeness_;                          // scratch, by user; zeros between requests
  std::vector<UserIndex> met_;                           // scratch: room for all
  std::vector<std::pair<float, UserIndex>> neighbours_;  // minus the likeness
};

}  // namespace riffle::evaluation
