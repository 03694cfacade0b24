#include "simulation/shoppers.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/hash.h"

namespace riffle::simulation {
namespace {

using std::chrono::seconds;

constexpr Milliseconds kUntilSeen{300};          // from the list to its impression
constexpr Milliseconds kPerPosition{1500};       // reading on to the next slot
constexpr Milliseconds kUntilView{seconds(1)};   // from a click to the item's page
constexpr Milliseconds kUntilCart{seconds(20)};

Milliseconds exponential(Milliseconds mean, Rng& rng) {
  return Milliseconds(std::llround(static_cast<double>(mean.count()) * rng.exponential()));
}

// 1, 2, … with the given mean.
std::size_t geometric(double mean, Rng& rng) {
  if (mean <= 1) return 1;
  return 1 + static_cast<std::size_t>(std::log(1 - rng.uniform()) / std::log(1 - 1 / mean));
}

}  // namespace

Shoppers::Shoppers(const Shop& shop, const ShoppersOptions& options)
    : shop_(shop), options_(options), start_(options.end - options.span), tastes_(shop, options), now_(start_) {
  // Some are five times as active as others; the mean of exp(N(0, s²)) is exp(s²/2). Who arrives late has half the span.
  constexpr double kSpread = 0.4;
  const double requests_each = static_cast<double>(options.requests) / static_cast<double>(options.users) /
                               (1 - options.cold_users / 2) / std::exp(kSpread * kSpread / 2);
  for (std::size_t u = 0; u < options.users; ++u) {
    const std::string id = absl::StrFormat("u%06d", u);
    User user{.id = UserId(id), .rng = Rng(stable_hash(id, options.seed))};
    const double sessions = requests_each * std::exp(kSpread * user.rng.normal()) / options.session_length;
    const double gap = static_cast<double>(options.span.count()) / std::max(sessions, 1e-6);
    user.session_gap = Milliseconds(std::max<std::int64_t>(1, std::llround(gap)));
    user.chinese = user.rng.uniform() < options.chinese_users;
    TimePoint arrival = start_;
    if (user.rng.uniform() < options.cold_users)
      arrival += Milliseconds(std::llround(user.rng.uniform() * static_cast<double>(options.span.count())));
    arrival += exponential(user.session_gap, user.rng);
    index_.emplace(user.id, u);
    users_.push_back(std::move(user));
    plan(arrival, u, Kind::kSession);
  }
}

void Shoppers::plan(TimePoint at, std::size_t user, Kind kind, std::uint64_t purchase) {
  if (at >= options_.end) return;
  plans_.push({at, order_++, static_cast<std::uint32_t>(user), kind, users_[user].session, purchase});
}

std::optional<Step> Shoppers::next() {
  while (!plans_.empty()) {
    const Happening due = plans_.top();
    plans_.pop();
    now_ = std::max(now_, due.at);
    User& user = users_[due.user];
    Step step{.at = now_, .request = {}, .events = {}, .items = {}};
    if (due.kind == Kind::kPurchase) {
      buy(due, step.events);
      return step;
    }
    if (due.kind == Kind::kSession) {
      ++user.session;
      user.requests_left = geometric(options_.session_length, user.rng);
      plan(now_ + exponential(user.session_gap, user.rng), due.user, Kind::kSession);
    } else if (due.session != user.session) {
      continue;
    }
    step.request = ask(due.user, now_);
    return step;
  }
  return std::nullopt;
}

records::Request Shoppers::ask(std::size_t u, TimePoint at) {
  User& user = users_[u];
  ++counts_.requests;
  --user.requests_left;
  user.open = RequestId(absl::StrCat(user.id.str(), "-", ++user.requests));
  user.asked = at;
  records::Request request;
  request.request_id = user.open;
  request.user_id = user.id;
  request.session_id = SessionId(absl::StrCat(user.id.str(), "-s", user.session));
  request.surface = options_.surface;
  request.n = static_cast<std::int32_t>(options_.list_length);
  request.timestamp = at;
  request.language = user.chinese ? "zh" : "en";
  return request;
}

Visit Shoppers::on_list(const records::Recommendation& list) {
  Visit visit;
  const auto found = find(list.user_id);
  if (!found || users_[*found].open.empty() || users_[*found].open != list.request_id) {
    ++counts_.ignored_lists;
    return visit;
  }
  const std::size_t u = *found;
  User& user = users_[u];
  user.open = RequestId();
  ++counts_.lists;
  visit.fraction = static_cast<double>((user.asked - start_).count()) / static_cast<double>(options_.span.count());
  if (user.requests_left > 0)
    plan(std::max(now_, user.asked + exponential(options_.think_time, user.rng)), u, Kind::kRequest);
  if (list.items.empty()) return visit;

  records::Event event;
  event.user_id = user.id;
  event.session_id = SessionId(absl::StrCat(user.id.str(), "-s", user.session));
  event.surface = options_.surface;
  event.recommendation_id = list.recommendation_id;
  event.kind = records::EventKind::kImpression;
  event.timestamp = user.asked + kUntilSeen;
  for (const auto& item : list.items) event.items.push_back({item.item_id, item.position});
  emit(u, event, visit.events);

  event.kind = records::EventKind::kInteraction;
  event.items.clear();
  for (const auto& shown : list.items) {
    ++visit.slots;
    const auto item = shop_.find(shown.item_id);
    const std::size_t position = static_cast<std::size_t>(std::max(0, shown.position));
    if (!item || user.rng.uniform() >= tastes_.examination(position)) continue;
    if (user.rng.uniform() >= tastes_.attraction(u, *item, user.asked)) {
      tastes_.on_ignored(u, *item, user.asked);
      continue;
    }
    ++visit.clicks;
    event.item_id = shown.item_id;
    event.position = shown.position;
    event.timestamp = user.asked + kUntilSeen + kPerPosition * static_cast<std::int64_t>(1 + position);
    click(u, *item, event, visit.events);
  }
  counts_.slots += visit.slots;
  counts_.clicks += visit.clicks;
  return visit;
}

void Shoppers::click(std::size_t u, std::size_t item, records::Event& event, std::vector<EventRecord>& events) {
  User& user = users_[u];
  const TimePoint at = *event.timestamp;
  event.type = records::InteractionType::kClick;
  emit(u, event, events);
  if (user.rng.uniform() < options_.views) {
    event.type = records::InteractionType::kView;
    event.timestamp = at + kUntilView;
    emit(u, event, events);
  }
  if (user.rng.uniform() >= options_.carts) return;
  event.type = records::InteractionType::kAddToCart;
  event.timestamp = at + kUntilCart;
  emit(u, event, events);
  if (user.rng.uniform() >= options_.purchases) return;
  const TimePoint when = at + kUntilCart + exponential(options_.purchase_delay, user.rng);
  if (when >= options_.end) return;
  purchases_[order_] = {item, event.position, event.recommendation_id, event.session_id};
  plan(when, u, Kind::kPurchase, order_);
}

void Shoppers::buy(const Happening& due, std::vector<EventRecord>& events) {
  const auto it = purchases_.find(due.purchase);
  const Purchase bought = std::move(it->second);
  purchases_.erase(it);
  ++counts_.purchases;
  tastes_.on_bought(due.user, bought.item);
  records::Event event;
  event.type = records::InteractionType::kPurchase;
  event.user_id = users_[due.user].id;
  event.session_id = bought.session_id;
  event.item_id = shop_.items()[bought.item].item_id;
  event.position = bought.position;
  event.recommendation_id = bought.recommendation_id;
  event.surface = options_.surface;
  event.timestamp = due.at;
  emit(due.user, event, events);
}

// Gives the event its id and its bytes, and lets the world harm some of them.
void Shoppers::emit(std::size_t u, records::Event& event, std::vector<EventRecord>& events) {
  User& user = users_[u];
  if (event.kind == records::EventKind::kInteraction) event.type_name = std::string(records::name_of(event.type));
  event.event_id = EventId(absl::StrCat(user.id.str(), "-e", ++user.events));
  EventRecord record{user.id, *event.timestamp, records::encode_json(event)};
  const double luck = user.rng.uniform();
  if (luck < options_.malformed) {
    ++counts_.malformed;
    record.payload.resize(1 + user.rng.below(record.payload.size() - 1));
  } else if (luck < options_.malformed + options_.duplicates) {
    ++counts_.duplicates;
    ++counts_.events;
    events.push_back(record);
  }
  ++counts_.events;
  events.push_back(std::move(record));
}

double Shoppers::fraction() const {
  return static_cast<double>((now_ - start_).count()) / static_cast<double>(options_.span.count());
}

std::vector<UserId> Shoppers::users() const {
  std::vector<UserId> ids;
  for (const User& user : users_) ids.push_back(user.id);
  return ids;
}

std::optional<std::size_t> Shoppers::find(const UserId& user) const {
  const auto it = index_.find(user);
  if (it == index_.end()) return std::nullopt;
  return it->second;
}

double Shoppers::click_probability(const UserId& user, const ItemId& item, std::size_t position, TimePoint at) const {
  const auto u = find(user);
  const auto i = shop_.find(item);
  return u && i ? tastes_.examination(position) * tastes_.attraction(*u, *i, at) : 0;
}

std::vector<std::pair<ItemId, double>> Shoppers::oracle(const UserId& user, std::size_t n) const {
  std::vector<std::pair<ItemId, double>> best;
  const auto u = find(user);
  if (!u) return best;
  tastes_.attractions(*u, now_, scores_);
  ranking_.resize(shop_.size());
  std::iota(ranking_.begin(), ranking_.end(), 0u);
  n = std::min(n, ranking_.size());
  const auto better = [&](std::uint32_t a, std::uint32_t b) {
    return scores_[a] != scores_[b] ? scores_[a] > scores_[b] : a < b;
  };
  const auto middle = ranking_.begin() + static_cast<std::ptrdiff_t>(n);
  std::nth_element(ranking_.begin(), middle, ranking_.end(), better);
  std::sort(ranking_.begin(), middle, better);
  best.reserve(n);
  for (std::size_t i = 0; i < n; ++i)
    best.emplace_back(shop_.items()[ranking_[i]].item_id, static_cast<double>(scores_[ranking_[i]]));
  return best;
}

}  // namespace riffle::simulation
