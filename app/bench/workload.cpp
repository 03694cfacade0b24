#include "app/bench/workload.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/hash.h"

namespace riffle::app::bench {
namespace {

constexpr std::size_t kRecent = 2000;
constexpr std::size_t kDepartments = 20;
constexpr std::size_t kBrands = 500;
constexpr std::size_t kTitleWords = 5;
constexpr std::uint64_t kVocabulary = 3000;
constexpr std::int64_t kSessionMs = 1'800'000;

std::string user_name(std::size_t user) { return absl::StrCat("u", user); }

}  // namespace

Workload::Workload(const WorkloadOptions& options, TimePoint first_event)
    : options_(options),
      users_(options.users, options.user_exponent),
      items_(options.items, options.item_exponent),
      rng_(options.seed),
      time_ms_(to_ms(first_event)),
      item_seen_(options.items) {}

const KeyedRecord& Workload::next_event() {
  ++counts_.events;
  time_ms_ += static_cast<std::int64_t>(1 + rng_.below(2 * static_cast<std::uint64_t>(kBetweenEvents.count()) - 1));
  const double fate = rng_.uniform();
  if (fate < options_.duplicates && !recent_.empty()) {
    ++counts_.duplicates;
    return recent_[rng_.below(recent_.size())];
  }
  const std::size_t user = users_.draw(rng_), item = items_.draw(rng_);
  const double kind = rng_.uniform();
  const char* type = kind < .70 ? "view" : kind < .92 ? "click" : kind < .98 ? "add_to_cart" : "purchase";
  const double value = kind < .98 ? 1 : 1 + static_cast<double>(rng_.below(9900)) / 100;
  event_.key = user_name(user);
  event_.value = interaction(type, user, item, time_ms_, value);
  if (fate > 1 - options_.malformed) {
    ++counts_.malformed;
    event_.value.resize(event_.value.size() - 2 - rng_.below(event_.value.size() / 2));
    return event_;
  }
  if (!item_seen_[item]) {
    item_seen_[item] = true;
    ++counts_.items;
  }
  if (recent_.size() < kRecent) return recent_.emplace_back(event_);
  KeyedRecord& oldest = recent_[oldest_recent_];
  oldest_recent_ = (oldest_recent_ + 1) % kRecent;
  return oldest = event_;
}

std::string Workload::interaction(const char* type, std::size_t user, std::size_t item, std::int64_t time_ms,
                                  double value) {
  // Multiplying by an odd number gives every event another id, in no order.
  const std::uint32_t id = next_event_id_++ * 2654435761U;
  std::string json = absl::StrFormat(
      R"({"event":"interaction","type":"%s","event_id":"e%08x","timestamp":%d,"user_id":"u%d","session_id":"s%d-%d",)"
      R"("item_id":"i%d","value":%g,"fields":{"pad":")",
      type, id, time_ms, user, user, time_ms / kSessionMs, item, value);
  constexpr std::string_view kEnd = R"("}})";
  if (json.size() + kEnd.size() < options_.event_bytes) json.resize(options_.event_bytes - kEnd.size(), 'x');
  return json.append(kEnd);
}

KeyedRecord Workload::item(std::size_t index) const {
  Rng words(stable_hash(absl::StrCat("i", index), options_.seed));
  const std::uint64_t category = words.below(options_.categories);
  std::string title;
  for (std::size_t w = 0; w < kTitleWords; ++w) absl::StrAppend(&title, w == 0 ? "" : " ", "word", words.below(kVocabulary));
  KeyedRecord record;
  record.key = absl::StrCat("i", index);
  record.value = absl::StrFormat(
      R"({"item_id":"i%d","title":"%s","category":["department %d","category %d"],"brand":"brand %d","price":%.2f})", index,
      title, category % kDepartments, category, words.below(kBrands), 1 + 99 * words.uniform());
  return record;
}

KeyedRecord Workload::request(const std::string& request_id) {
  return request_of(user_name(users_.draw(rng_)), request_id);
}

KeyedRecord Workload::request(const std::string& request_id, Milliseconds deadline) {
  KeyedRecord record = request(request_id);
  record.value.pop_back();
  absl::StrAppend(&record.value, R"(,"deadline_ms":)", deadline.count(), "}");
  return record;
}

KeyedRecord Workload::click(TimePoint time) {
  const std::size_t user = users_.draw(rng_);
  return {user_name(user), interaction("click", user, items_.draw(rng_), to_ms(time), 1)};
}

KeyedRecord Workload::request_of(const std::string& user_id, const std::string& request_id) {
  return {user_id, absl::StrCat(R"({"event":"request","request_id":")", request_id, R"(","user_id":")", user_id,
                                R"(","surface":"home","n":10})")};
}

}  // namespace riffle::app::bench
