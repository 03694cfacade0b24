#include "simulation/customers.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/hash.h"

namespace riffle::simulation {
namespace {

constexpr Milliseconds kUntilSeen{300};      // from the list to its impression
constexpr Milliseconds kPerPosition{500};    // reading on to the next slot

std::uint64_t visit_key(std::uint32_t user, std::uint64_t visit) { return (std::uint64_t{user} << 40) ^ visit; }

std::string request_id(const UserId& user, std::uint64_t visit) { return absl::StrCat(user.str(), "-", visit); }

SessionId session_id(const UserId& user, std::uint32_t session) { return SessionId(absl::StrCat(user.str(), "-s", session)); }

}  // namespace

Customers::Customers(const WorldOptions& options, TimePoint start)
    : world_(options, start), events_of_(options.users, 0), waiting_(options.users, false) {
  for (std::size_t u = 0; u < options.users; ++u) {
    ids_.emplace_back(absl::StrFormat("u%06d", u));
    luck_.emplace_back(stable_hash(ids_.back().str(), options.seed));
  }
}

std::vector<records::Item> Customers::opening() const {
  std::vector<records::Item> items;
  for (const std::uint32_t item : world_.available()) items.push_back(world_.item(item));
  return items;
}

std::optional<std::uint32_t> Customers::find(const UserId& user) const {
  const std::string& id = user.str();
  std::uint32_t number = 0;
  if (id.size() < 2 || id.front() != 'u') return std::nullopt;
  const auto [end, error] = std::from_chars(id.data() + 1, id.data() + id.size(), number);
  if (error != std::errc() || end != id.data() + id.size() || number >= ids_.size() || ids_[number] != user)
    return std::nullopt;
  return number;
}

std::optional<Step> Customers::next() {
  const auto due = world_.next();
  if (!due) return std::nullopt;
  Step step{.at = due->at, .request = {}, .events = {}, .items = {}};
  switch (due->kind) {
    case World::Kind::kVisit:
      step.request = ask(*due);
      break;
    case World::Kind::kArrival:
      step.items.push_back(world_.item(due->item));
      break;
    case World::Kind::kPurchase: {
      ++counts_.purchases;
      const auto shown = taken_from_.find(visit_key(due->user, due->visit));
      records::Event event;
      event.type = records::InteractionType::kPurchase;
      event.user_id = ids_[due->user];
      event.item_id = world_.item(due->item).item_id;
      event.position = due->position;
      event.surface = world_.options().surface;
      event.timestamp = due->at;
      if (shown != taken_from_.end()) {
        event.recommendation_id = shown->second.list;
        event.session_id = session_id(event.user_id, shown->second.session);
        taken_from_.erase(shown);
      }
      emit(due->user, event, step.events);
      break;
    }
  }
  return step;
}

records::Request Customers::ask(const World::Due& due) {
  ++counts_.requests;
  waiting_[due.user] = true;
  const UserId& id = ids_[due.user];
  records::Request request;
  request.request_id = RequestId(request_id(id, due.visit));
  request.user_id = id;
  request.session_id = session_id(id, world_.session(due.user));
  request.surface = world_.options().surface;
  request.n = static_cast<std::int32_t>(world_.options().list_length);
  request.timestamp = due.at;
  return request;
}

Visit Customers::on_list(const records::Recommendation& list) {
  Visit visit;
  const auto user = find(list.user_id);
  if (!user || !waiting_[*user] || list.request_id.str() != request_id(list.user_id, world_.visits(*user))) {
    ++counts_.ignored_lists;
    return visit;
  }
  const std::uint32_t u = *user;
  waiting_[u] = false;
  const TimePoint asked = world_.asked(u);
  visit.fraction = std::chrono::duration<double>(asked - world_.start()) / world_.options().span;

  records::Event event;
  event.kind = records::EventKind::kImpression;
  event.user_id = list.user_id;
  event.session_id = session_id(list.user_id, world_.session(u));
  event.surface = world_.options().surface;
  event.recommendation_id = list.recommendation_id;
  event.timestamp = asked + kUntilSeen;
  std::vector<std::uint32_t> items;
  for (const auto& shown : list.items) {
    const auto item = world_.shop().find(shown.item_id);
    if (!item || items.size() == World::kRemembered) continue;  // nobody sees what is not there
    items.push_back(static_cast<std::uint32_t>(*item));
    event.items.push_back({shown.item_id, shown.position});
  }
  const std::uint64_t number = world_.visits(u);
  const World::Reply reply = world_.answer(u, items);
  ++counts_.lists;
  visit.slots = items.size();
  counts_.slots += visit.slots;
  if (items.empty()) return visit;
  const std::vector<records::ExposedItem> shown = std::move(event.items);
  event.items = shown;
  emit(u, event, visit.events);
  if (reply.taken < 0) return visit;

  ++counts_.clicks;
  visit.clicks = 1;
  taken_from_[visit_key(u, number)] = {list.recommendation_id, world_.session(u)};
  event.kind = records::EventKind::kInteraction;
  event.type = records::InteractionType::kClick;
  event.items.clear();
  event.item_id = shown[static_cast<std::size_t>(reply.taken)].item_id;
  event.position = shown[static_cast<std::size_t>(reply.taken)].position;
  event.timestamp = asked + kUntilSeen + kPerPosition * (1 + reply.taken);
  emit(u, event, visit.events);
  return visit;
}

// Gives the event its id and its bytes; some are sent twice.
void Customers::emit(std::uint32_t user, records::Event& event, std::vector<EventRecord>& events) {
  if (event.kind == records::EventKind::kInteraction) event.type_name = std::string(records::name_of(event.type));
  event.event_id = EventId(absl::StrCat(ids_[user].str(), "-e", ++events_of_[user]));
  ++counts_.events;
  events.push_back({ids_[user], *event.timestamp, records::encode_json(event)});
  if (luck_[user].uniform() >= world_.options().duplicates) return;
  ++counts_.duplicates;
  ++counts_.events;
  events.push_back(events.back());
}

double Customers::fraction() const {
  return std::chrono::duration<double>(world_.now() - world_.start()) / world_.options().span;
}

std::vector<std::pair<ItemId, double>> Customers::oracle(const UserId& user, std::size_t n) const {
  std::vector<std::pair<ItemId, double>> best;
  const auto u = find(user);
  if (!u) return best;
  std::vector<std::uint32_t> list;
  world_.best_list(*u, n, list);
  for (const std::uint32_t item : list) {
    const double v = std::exp(static_cast<double>(world_.utility(*u, world_.mood(*u), item)));
    best.emplace_back(world_.item(item).item_id, v / (1 + v));
  }
  return best;
}

}  // namespace riffle::simulation
