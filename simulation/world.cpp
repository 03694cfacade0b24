#include "simulation/world.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/hash.h"

namespace riffle::simulation {
namespace {

constexpr double kMonthMs = 30.0 * 24 * 3600 * 1000;
constexpr Milliseconds kBotThinks{std::chrono::seconds(1)};

Milliseconds exponential(Milliseconds mean, Rng& rng) {
  return Milliseconds(std::llround(static_cast<double>(mean.count()) * rng.exponential()));
}

Milliseconds part_of(Milliseconds span, double share) {
  return Milliseconds(std::llround(share * static_cast<double>(span.count())));
}

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

ShopOptions shop_of(const WorldOptions& options, TimePoint start) {
  ShopOptions shop;
  shop.seed = options.seed;
  shop.items = options.items;
  shop.categories = options.categories;
  shop.brands = options.brands;
  shop.now = start;
  return shop;
}

}  // namespace

World::World(const WorldOptions& options, TimePoint start)
    : options_(options), start_(start), shop_(shop_of(options, start)), items_(shop_.items()), shift_at_(start + part_of(options.span, options.shift_at)), now_(start) {
  const absl::Status valid = validate(options);
  RIFFLE_CHECK(valid.ok(), valid.ToString());
  for (std::size_t k = 0; k < kRemembered; ++k)
    examination_.push_back(std::pow(options.examination_decay, static_cast<double>(k)));
  stock();
  populate();
}

// ---- what is there ----------------------------------------------------------------------------------------------------

void World::stock() {
  Rng rng(stable_hash("stock", options_.seed));
  const std::size_t count = items_.size();
  double mean = 0, square = 0;
  for (std::size_t i = 0; i < count; ++i) mean += shop_.quality(i), square += shop_.quality(i) * shop_.quality(i);
  mean /= static_cast<double>(count);
  const double deviation = std::sqrt(std::max(1e-12, square / static_cast<double>(count) - mean * mean));
  const double own = std::sqrt(1 - options_.bait * options_.bait);
  absl::flat_hash_map<std::string, std::uint32_t> brands;
  for (std::size_t i = 0; i < count; ++i) {
    if (rng.uniform() < options_.cold_items) items_[i].published_at = start_ + part_of(options_.span, rng.uniform());
    const double noise = rng.normal();
    const double about_quality = (shop_.quality(i) - mean) / deviation;
    Good good{};
    good.appeal = static_cast<float>(options_.appeal_spread * (own * noise - options_.bait * about_quality));
    good.expected_appeal = static_cast<float>(-options_.appeal_spread * options_.bait * about_quality);
    good.quality = static_cast<float>(shop_.quality(i));
    good.log_price = static_cast<float>(std::log(items_[i].price.value_or(1)));
    good.category = static_cast<std::uint32_t>(shop_.category(i));
    good.brand = brands.try_emplace(items_[i].brand, static_cast<std::uint32_t>(brands.size())).first->second;
    good.born_ms = to_ms(*items_[i].published_at);
    goods_.push_back(good);
  }
  by_birth_.resize(count);
  std::iota(by_birth_.begin(), by_birth_.end(), 0U);
  std::stable_sort(by_birth_.begin(), by_birth_.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return goods_[a].born_ms < goods_[b].born_ms; });
  while (available_ < count && goods_[by_birth_[available_]].born_ms <= to_ms(start_)) ++available_;
  if (available_ == 0) available_ = 1;
}

void World::populate() {
  users_.reserve(options_.users);
  for (std::size_t u = 0; u < options_.users; ++u) {
    User user;
    user.rng = Rng(stable_hash(absl::StrCat("user ", u), options_.seed));
    Rng& rng = user.rng;
    user.bot = rng.uniform() < options_.bots;
    for (std::size_t c = 0; c < options_.categories; ++c)
      user.taste[c] = static_cast<float>(options_.taste_spread * rng.normal());
    const Good& model = goods_[rng.below(goods_.size())];  // who buys a dear thing is used to its price
    user.log_price = model.log_price;
    user.brand = model.brand;
    user.mood.shown.fill(kNoItem);
    TimePoint arrival = start_;
    if (rng.uniform() < options_.cold_users) arrival += part_of(options_.span, rng.uniform());
    arrival += exponential(options_.return_time, rng);
    user.mood.at = user.session_began = arrival;
    users_.push_back(user);
    plan(arrival, static_cast<std::uint32_t>(u));
  }
}

// ---- the clock --------------------------------------------------------------------------------------------------------

void World::plan(TimePoint at, std::uint32_t user, std::uint32_t purchase) {
  if (at >= end()) return;
  plans_.push_back({to_ms(at), order_++, user, purchase});
  std::push_heap(plans_.begin(), plans_.end());
}

std::optional<World::Due> World::next() {
  const bool more = !plans_.empty();
  if (available_ < by_birth_.size()) {
    const std::uint32_t item = by_birth_[available_];
    if (more && goods_[item].born_ms <= plans_.front().at_ms) {
      ++available_;
      now_ = std::max(now_, from_ms(goods_[item].born_ms));
      return Due{.kind = Kind::kArrival, .at = now_, .item = item};
    }
  }
  if (!more) return std::nullopt;
  if (plans_.front().at_ms >= to_ms(shift_at_)) shift();
  std::pop_heap(plans_.begin(), plans_.end());
  const Plan plan = plans_.back();
  plans_.pop_back();
  now_ = std::max(now_, from_ms(plan.at_ms));
  if (plan.purchase != kNoItem) {
    const auto it = purchases_.find(plan.purchase);
    const Purchase bought = it->second;
    purchases_.erase(it);
    return Due{Kind::kPurchase, now_, plan.user, bought.item, bought.position, bought.visit};
  }
  User& user = users_[plan.user];
  user.asked = now_;
  user.waiting = true;
  ++user.visits;
  if (!user.stays) begin_session(user, now_);
  settle(user.mood, now_);
  return Due{.kind = Kind::kVisit, .at = now_, .user = plan.user, .visit = user.visits};
}

// The Ornstein–Uhlenbeck step over the time since the session before, exact whatever its length.
void World::begin_session(User& user, TimePoint at) {
  ++user.session;
  const auto gone = static_cast<double>((at - user.session_began).count());
  user.session_began = at;
  if (user.bot || options_.taste_half_life == Milliseconds(0)) return;
  const double kept = std::exp2(-gone / static_cast<double>(options_.taste_half_life.count()));
  const double moved = options_.taste_spread * std::sqrt(1 - kept * kept);
  for (std::size_t c = 0; c < options_.categories; ++c)
    user.taste[c] = static_cast<float>(kept * user.taste[c] + moved * user.rng.normal());
}

// Drawn apart from what users do, so that it is the same whatever they were shown.
void World::shift() {
  shift_at_ = end();
  Rng rng(stable_hash("shift", options_.seed));
  const auto step = [&rng](float x, double share, double spread) {
    const double kept = 1 - share;
    return static_cast<float>(kept * static_cast<double>(x) + std::sqrt(1 - kept * kept) * spread * rng.normal());
  };
  for (User& user : users_)
    for (std::size_t c = 0; c < options_.categories; ++c)
      user.taste[c] = step(user.taste[c], options_.taste_shift, options_.taste_spread);
  const double own = options_.appeal_spread * std::sqrt(1 - options_.bait * options_.bait);
  for (Good& good : goods_)
    good.appeal = good.expected_appeal + step(good.appeal - good.expected_appeal, options_.appeal_shift, own);
}

// ---- what a list does ---------------------------------------------------------------------------------------------------

void World::settle(Mood& mood, TimePoint at) const {
  if (at <= mood.at) return;
  const float kept = std::exp2(-static_cast<float>((at - mood.at).count()) /
                               static_cast<float>(options_.satiation_half_life.count()));
  for (float& satiation : mood.satiation) satiation *= kept;
  mood.at = at;
}

float World::utility(const User& user, const Mood& mood, std::uint32_t item) const {
  const Good& good = goods_[item];
  int seen = 0;
  for (const std::uint32_t shown : mood.shown) seen += shown == item ? 1 : 0;
  const auto age = static_cast<float>(std::max(0.0, static_cast<double>(to_ms(mood.at) - good.born_ms) / kMonthMs));
  const float brand = good.brand == user.brand ? static_cast<float>(options_.brand_weight) : 0.0F;
  return static_cast<float>(options_.base_utility) + user.taste[good.category] + good.appeal + brand -
         static_cast<float>(options_.price_weight) * std::abs(good.log_price - user.log_price) -
         static_cast<float>(options_.age_weight) * std::log1p(age) -
         static_cast<float>(options_.satiation) * mood.satiation[good.category] -
         static_cast<float>(options_.boredom) * static_cast<float>(seen);
}

float World::utility(std::uint32_t user, const Mood& mood, std::uint32_t item) const {
  return utility(users_[user], mood, item);
}

double World::choose(std::uint32_t user, const Mood& mood, std::span<const std::uint32_t> list,
                     std::span<double> p) const {
  RIFFLE_CHECK(list.size() <= kRemembered && p.size() == list.size(), "list of", list.size());
  double total = 1;
  for (std::size_t k = 0; k < list.size(); ++k) {
    p[k] = examination_[k] * static_cast<double>(std::exp(utility(users_[user], mood, list[k])));
    total += p[k];
  }
  for (double& one : p) one /= total;
  return total;
}

void World::take(Mood& mood, std::span<const std::uint32_t> list, std::int32_t taken) const {
  for (std::size_t k = 0; k < list.size(); ++k) {
    if (static_cast<std::int32_t>(k) == taken) continue;
    mood.shown[mood.next_shown] = list[k];
    mood.next_shown = (mood.next_shown + 1) % kRemembered;
  }
  if (taken < 0) {
    mood.satisfaction -= static_cast<float>(options_.idle_rate) * mood.satisfaction;
    return;
  }
  const std::uint32_t item = list[static_cast<std::size_t>(taken)];
  mood.satiation[goods_[item].category] += 1;
  std::replace(mood.shown.begin(), mood.shown.end(), item, kNoItem);
  mood.satisfaction += static_cast<float>(options_.satisfaction_rate) * (goods_[item].quality - mood.satisfaction);
}

double World::stay_probability(const Mood& mood) const {
  if (options_.session_length <= 1) return 0;
  return logistic(std::log(options_.session_length - 1) + options_.stay_weight * (mood.satisfaction - 0.5));
}

Milliseconds World::mean_return(const Mood& mood) const {
  return part_of(options_.return_time, std::exp(-options_.return_weight * (mood.satisfaction - 0.5)));
}

std::int32_t World::draw(std::uint32_t u, std::span<const std::uint32_t> list) {
  User& user = users_[u];
  if (user.bot) {
    const bool clicks = !list.empty() && user.rng.uniform() < options_.bot_clicks;
    return clicks ? static_cast<std::int32_t>(user.rng.below(list.size())) : -1;
  }
  std::array<double, kRemembered> p;
  choose(u, user.mood, list, std::span(p).first(list.size()));
  double left = user.rng.uniform();
  for (std::size_t k = 0; k < list.size(); ++k) {
    left -= p[k];
    if (left < 0) return static_cast<std::int32_t>(k);
  }
  return -1;
}

World::Reply World::answer(std::uint32_t u, std::span<const std::uint32_t> list) {
  RIFFLE_CHECK(u < users_.size() && users_[u].waiting, "user", u, "did not ask");
  User& user = users_[u];
  user.waiting = false;
  Reply reply;
  reply.taken = draw(u, list);
  if (user.bot) {
    reply.stays = user.rng.uniform() < 1 - 1 / options_.bot_session_length;
    reply.next = user.asked + (reply.stays ? kBotThinks : exponential(options_.return_time, user.rng));
  } else {
    take(user.mood, list, reply.taken);
    if (reply.taken >= 0) perhaps_buy(u, list[static_cast<std::size_t>(reply.taken)], reply.taken);
    reply.stays = user.rng.uniform() < stay_probability(user.mood);
    reply.next = user.asked + exponential(reply.stays ? options_.think_time : mean_return(user.mood), user.rng);
  }
  user.stays = reply.stays;
  plan(std::max(reply.next, now_), u);
  return reply;
}

void World::perhaps_buy(std::uint32_t u, std::uint32_t item, std::int32_t position) {
  User& user = users_[u];
  const double share = options_.purchase_base + options_.purchase_quality * static_cast<double>(goods_[item].quality);
  if (user.rng.uniform() >= share) return;
  const TimePoint when = user.asked + exponential(options_.purchase_delay, user.rng);
  if (when >= end()) return;
  purchases_[purchases_planned_] = {item, position, user.visits};
  plan(std::max(when, now_), u, purchases_planned_++);
}

void World::best_list(std::uint32_t u, std::size_t n, std::vector<std::uint32_t>& list) const {
  const User& user = users_[u];
  std::vector<std::pair<float, std::uint32_t>> ranked;
  for (const std::uint32_t item : available()) ranked.emplace_back(-utility(user, user.mood, item), item);
  n = std::min(n, ranked.size());
  std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(n), ranked.end());
  list.clear();
  for (std::size_t i = 0; i < n; ++i) list.push_back(ranked[i].second);
}

}  // namespace riffle::simulation
