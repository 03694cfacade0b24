// JSON of the public topics. Reading is strict where a wrong reading would harm (ids, numbers, UTF-8, limits) and lenient
// where shops differ (timestamps as integer ms, ms string or ISO 8601; unknown members are kept in `fields`).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "records/dead_letter.h"
#include "records/event.h"
#include "records/item.h"
#include "records/request.h"

namespace riffle::records {

struct Limits {
  std::size_t record_bytes = 1 << 20;
  std::size_t id_bytes = 256;
  std::size_t fields = 128;
  std::size_t list_items = 1000;   // of n, exclude_items, impression items
  std::size_t candidates = 20000;  // of a request; fully logged, so many fit into an outcome
  std::size_t vector_values = 4096;  // of one of an item's vectors
  double largest_number = 1e12;    // of value, price, stock, scores: beyond it sums lose what is small
};

// Which topic a record belongs on, by its members: with `event` a request or an event (whose decoder knows the kinds), else
// an item by its item_id, else a profile by its user_id.
enum class RecordKind { kEvent, kRequest, kItem, kProfile };

// Decodes one record after another into the caller's object, reusing its memory. One thread. On failure the object's
// content is unspecified and the reason says what is wrong and where in the record.
class JsonDecoder {
 public:
  explicit JsonDecoder(const Limits& limits);
  ~JsonDecoder();
  JsonDecoder(JsonDecoder&&) noexcept;

  // nullopt: decoded.
  std::optional<Reason> decode(std::string_view json, Event& event);
  std::optional<Reason> decode(std::string_view json, Request& request);
  std::optional<Reason> decode(std::string_view json, Item& item);
  // Only checks that it is an object with this user_id; profiles are kept as sent.
  std::optional<Reason> check_profile(std::string_view json, std::string_view user_id);

  // Tells the kind and, of an item or profile, its id (valid until the next call; checked by their decoders).
  struct Kind {
    RecordKind kind = RecordKind::kEvent;
    std::string_view id;
  };
  std::optional<Reason> tell_kind(std::string_view json, Kind& kind);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

std::string encode_json(const Event& event);
std::string encode_json(const Request& request);
std::string encode_json(const Item& item);

// A published list, read back (riffle watch, the demonstration's shoppers, tests).
struct ListedItem {
  ItemId item_id;
  std::int32_t position = 0;
  double score = 0;
  double propensity = 0;  // 0: none was logged. It is never taken for certainty: nothing can be estimated from it
  std::string source;
  std::vector<std::string> reasons = {};  // their texts
};
struct Recommendation {
  RecommendationId recommendation_id;
  RequestId request_id;
  UserId user_id;
  std::string surface;
  TimePoint timestamp{};
  PolicyId policy_id;
  std::uint64_t policy_version = 0;
  std::vector<ListedItem> items;
  double slate_propensity = 0;
  std::vector<std::string> degraded;
  // What it was made from: each input with the offset of its next record, policy/<id> with the version.
  std::vector<std::pair<std::string, std::int64_t>> as_of;
};
absl::StatusOr<Recommendation> decode_recommendation(std::string_view json);

}  // namespace riffle::records
