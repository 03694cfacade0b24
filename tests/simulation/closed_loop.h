// A loop without a bus: the shoppers against four policies made of a few lines each, for tests of the world itself.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/rng.h"
#include "simulation/ctr.h"
#include "simulation/shop.h"
#include "simulation/shoppers.h"

namespace riffle::simulation::testing {

inline records::Recommendation list_of(const records::Request& request, const std::vector<ItemId>& items,
                                       const std::string& policy = "test") {
  records::Recommendation list;
  list.recommendation_id = RecommendationId("rec-" + request.request_id.str());
  list.request_id = request.request_id;
  list.user_id = request.user_id;
  list.surface = request.surface;
  list.timestamp = *request.timestamp;
  list.policy_id = PolicyId(policy);
  for (const ItemId& item : items)
    list.items.push_back({item, static_cast<std::int32_t>(list.items.size()), 0, 1, "test"});
  return list;
}

inline std::vector<ItemId> random_items(const Shop& shop, std::size_t n, Rng& rng) {
  std::vector<ItemId> items;
  while (items.size() < n) {
    const ItemId& item = shop.items()[rng.below(shop.size())].item_id;
    if (std::find(items.begin(), items.end(), item) == items.end()) items.push_back(item);
  }
  return items;
}

// Counts and nothing else: of each item the clicks over what its users' tastes let expect, and of each user and category
// the same with forgetting. It knows what a learner can know from lists and clicks, never a taste or a quality.
class Counting {
 public:
  explicit Counting(const Shop& shop) : shop_(shop), clicks_(shop.size(), 0), examined_(shop.size(), 0), fans_(shop.size(), 0) {}

  void learn(const records::Recommendation& list, const std::vector<ItemId>& clicked) {
    User& user = user_of(list.user_id);
    const double forget = std::exp2(-static_cast<double>((list.timestamp - user.last).count()) / kHalfLife);
    const double rest = std::exp2(-static_cast<double>((list.timestamp - user.last).count()) / kRest);
    user.last = list.timestamp;
    for (Ratio& ratio : user.categories) ratio = {ratio.clicks * forget, ratio.expected * forget};
    for (double& shown : user.shown) shown *= rest;
    double examined = 1;
    for (const auto& slot : list.items) {
      const std::size_t item = *shop_.find(slot.item_id);
      const bool click = std::find(clicked.begin(), clicked.end(), slot.item_id) != clicked.end();
      Ratio& ratio = user.categories[shop_.category(item)];
      const double tired = 1 / (1 + 0.04 * user.shown[item]);
      fans_[item] += examined * ratio.value() * tired;
      ratio.expected += examined * quality(item) * tired;
      ratio.clicks += click;
      examined_[item] += examined;
      clicks_[item] += click;
      user.shown[item] += click ? 0 : examined;
      examined *= 0.9;
    }
  }

  void on_bought(const UserId& id, const ItemId& item) { user_of(id).bought[*shop_.find(item)] = true; }

  std::vector<ItemId> popular(std::size_t n) const {
    return top(n, [&](std::size_t i) { return (clicks_[i] + 1) / (examined_[i] + 50); });
  }

  // One slot in a hundred is left to chance.
  std::vector<ItemId> personal(const UserId& id, std::size_t n, Rng& rng) {
    const User& user = user_of(id);
    std::vector<double> sampled;
    for (const Ratio& ratio : user.categories) sampled.push_back(ratio.sample(rng));
    auto items = top(n, [&](std::size_t i) {
      if (user.bought[i]) return 0.0;
      return quality(i) * sampled[shop_.category(i)] / (1 + 0.04 * user.shown[i]);
    });
    for (ItemId& item : items)
      if (rng.uniform() < 0.01) {
        const ItemId& other = shop_.items()[rng.below(shop_.size())].item_id;
        if (std::find(items.begin(), items.end(), other) == items.end()) item = other;
      }
    return items;
  }

 private:
  static constexpr double kHalfLife = 2 * 86400e3, kRest = 4 * 3600e3;  // ms
  struct Ratio {
    double clicks = 0, expected = 0;
    double value() const { return (clicks + 0.5) / (expected + 0.5); }
    // A draw of what it may be, wider where little is known.
    double sample(Rng& rng) const { return std::max(0.0, value() * (1 + 0.2 * rng.normal() / std::sqrt(1 + clicks))); }
  };
  struct User {
    std::vector<Ratio> categories;
    std::vector<double> shown;
    std::vector<bool> bought;
    TimePoint last{};
  };

  User& user_of(const UserId& id) {
    User& user = users_[id.str()];
    user.categories.resize(shop_.categories());
    user.shown.resize(shop_.size(), 0);
    user.bought.resize(shop_.size(), false);
    return user;
  }
  double quality(std::size_t i) const { return (clicks_[i] + 1) / (fans_[i] + 40); }

  std::vector<ItemId> top(std::size_t n, const std::function<double(std::size_t)>& score) const {
    std::vector<std::pair<double, std::size_t>> ranked;
    for (std::size_t i = 0; i < shop_.size(); ++i) ranked.emplace_back(-score(i), i);
    std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(n), ranked.end());
    std::vector<ItemId> items;
    for (std::size_t i = 0; i < n; ++i) items.push_back(shop_.items()[ranked[i].second].item_id);
    return items;
  }

  const Shop& shop_;
  std::vector<double> clicks_, examined_, fans_;  // by item; fans: examinations weighted by their users' tastes
  std::map<std::string, User> users_;
};

// The item of an event of this type; the world must be an undamaged one (malformed = 0).
inline std::optional<ItemId> item_of(const EventRecord& event, const std::string& type) {
  if (event.payload.find("\"type\":\"" + type + "\"") == std::string::npos) return std::nullopt;
  const auto at = event.payload.find("\"item_id\":\"") + 11;
  return ItemId(event.payload.substr(at, event.payload.find('"', at) - at));
}

// Four equal arms of users: random, popularity, learner (Counting), oracle.
inline ClickRates run_four_arms(const Shop& shop, Shoppers& shoppers, std::size_t n, std::uint64_t seed) {
  static const std::vector<std::string> kArms{"random", "popularity", "learner", "oracle"};
  Counting counting(shop);
  Rng rng(seed);
  ClickRates rates(4);
  while (auto step = shoppers.next()) {
    for (const EventRecord& event : step->events)
      if (const auto item = item_of(event, "purchase")) counting.on_bought(event.user_id, *item);
    if (!step->request) continue;
    const UserId& user = step->request->user_id;
    const std::string& arm = kArms[stable_hash(user.str(), 77) % kArms.size()];
    std::vector<ItemId> items;
    if (arm == "random") items = random_items(shop, n, rng);
    if (arm == "popularity") items = counting.popular(n);
    if (arm == "learner") items = counting.personal(user, n, rng);
    if (arm == "oracle")
      for (const auto& [item, score] : shoppers.oracle(user, n)) items.push_back(item);
    const auto list = list_of(*step->request, items, arm);
    const std::uint64_t before = shoppers.counts().clicks;
    const Visit visit = shoppers.on_list(list);
    std::vector<ItemId> clicked;
    for (const EventRecord& event : visit.events)
      if (const auto item = item_of(event, "click")) clicked.push_back(*item);
    if (shoppers.counts().clicks - before != visit.clicks) std::abort();
    counting.learn(list, clicked);
    rates.add(list.policy_id, user, visit.fraction, visit.slots, visit.clicks);
    for (const auto& slot : list.items) rates.add_shown(list.policy_id, slot.item_id);
  }
  return rates;
}

}  // namespace riffle::simulation::testing
