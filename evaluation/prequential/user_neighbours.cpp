#include "evaluation/prequential/user_neighbours.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace riffle::evaluation {

void UserNeighbours::take(UserIndex user, ItemIndex item, std::uint64_t basket) {
  if (user >= users_.size()) users_.resize(user + 1);
  User& who = users_[user];
  if (who.baskets == 0 || who.last_basket != basket) ++who.baskets;
  who.last_basket = basket;
  const auto [place, first] = who.place.try_emplace(item, static_cast<std::uint32_t>(who.items.size()));
  if (first) {
    who.items.push_back({item, 1, basket});
    if (item >= takers_.size()) takers_.resize(item + 1);
    std::vector<UserIndex>& takers = takers_[item];
    if (takers.size() == kSampled) takers.erase(takers.begin());
    takers.push_back(user);
    return;
  }
  Taken& taken = who.items[place->second];
  if (taken.last_basket != basket) ++taken.baskets;
  taken.last_basket = basket;
}

void UserNeighbours::find_nearest(UserIndex user) {
  neighbours_.clear();
  if (user >= users_.size()) return;
  likeness_.resize(users_.size(), 0);
  // Whether somebody was met before cannot be foretold: each is written down, and counted where he is new.
  if (met_.size() <= users_.size()) met_.resize(users_.size() + 1);
  std::size_t count = 0;
  for (const Taken& taken : users_[user].items) {
    const std::vector<UserIndex>& takers = takers_[taken.item];
    const float part = 1 / (static_cast<float>(takers.size()) + 5);
    for (const UserIndex other : takers) {
      met_[count] = other;
      count += likeness_[other] == 0;
      likeness_[other] += part;
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    const UserIndex other = met_[i];
    const float minus = -likeness_[other] / std::sqrt(static_cast<float>(users_[other].items.size()) + 10);
    likeness_[other] = 0;
    if (other != user) neighbours_.emplace_back(minus, other);
  }
  if (neighbours_.size() > kMost) {
    std::nth_element(neighbours_.begin(), neighbours_.begin() + kMost, neighbours_.end());
    neighbours_.resize(kMost);
  }
  std::sort(neighbours_.begin(), neighbours_.end());  // sums are added up in one order
}

void UserNeighbours::ask(UserIndex user, std::uint64_t basket) {
  if (asked_ == user && asked_basket_ == basket) return;
  asked_ = user;
  asked_basket_ = basket;
  for (std::size_t i = 0; i < scored_count_; ++i) scores_[scored_[i]] = 0;
  find_nearest(user);
  float all = 0;
  for (const auto& [minus, other] : neighbours_) all -= minus;
  scores_.resize(takers_.size(), 0);
  if (scored_.size() <= takers_.size()) scored_.resize(takers_.size() + 1);
  std::size_t count = 0;
  for (const auto& [minus, other] : neighbours_) {
    // Above 0 whatever it is: a score of 0 is one that nobody has added to.
    const float part = std::max(-minus / (all * static_cast<float>(users_[other].baskets)), std::numeric_limits<float>::min());
    for (const Taken& taken : users_[other].items) {
      scored_[count] = taken.item;
      count += scores_[taken.item] == 0;
      scores_[taken.item] += part * static_cast<float>(taken.baskets);
    }
  }
  scored_count_ = count;
}

std::size_t UserNeighbours::memory_bytes() const {
  std::size_t bytes = users_.capacity() * sizeof(User) + takers_.capacity() * sizeof(takers_[0]) +
                      scores_.capacity() * sizeof(float) + likeness_.capacity() * sizeof(float) +
                      scored_.capacity() * sizeof(ItemIndex) + met_.capacity() * sizeof(UserIndex);
  for (const User& user : users_) bytes += user.items.capacity() * sizeof(Taken) + user.place.capacity() * 9;
  for (const auto& takers : takers_) bytes += takers.capacity() * sizeof(UserIndex);
  return bytes;
}

}  // namespace riffle::evaluation
