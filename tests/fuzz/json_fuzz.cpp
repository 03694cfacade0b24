// The JSON of the public topics. What is taken keeps the limits, and encodes to a text that is read
// back to the same text.
#include <cmath>

#include "input.h"
#include "records/json_codec.h"
#include "records/json_text.h"

namespace {

using namespace riffle;
using namespace riffle::records;

// Low, so that short inputs reach them.
constexpr Limits kLimits{.record_bytes = 4096,
                         .id_bytes = 24,
                         .fields = 16,
                         .list_items = 8,
                         .candidates = 6,
                         .vector_values = 16,
                         .largest_number = 1e12};
// Of what was taken and written anew: members at their default are added, the extra ones move into
// an object of their own, numbers may be longer.
constexpr Limits kAgain{.record_bytes = 1 << 20,
                        .id_bytes = 24,
                        .fields = 32,
                        .list_items = 8,
                        .candidates = 6,
                        .vector_values = 16,
                        .largest_number = 1e12};

template <class Id>
void check_id(const Id& id) {
  RIFFLE_CHECK(id.str().size() <= kLimits.id_bytes);
  RIFFLE_CHECK(is_utf8(id.str()));
}

void check_number(double value) { RIFFLE_CHECK(std::abs(value) <= kLimits.largest_number); }

void check_limits(const Event& event) {
  RIFFLE_CHECK(!event.user_id.empty());
  check_id(event.user_id), check_id(event.event_id), check_id(event.session_id);
  check_id(event.item_id), check_id(event.recommendation_id);
  check_number(event.value);
  RIFFLE_CHECK(event.items.size() <= kLimits.list_items && event.position >= -1);
  for (const ExposedItem& item : event.items) {
    RIFFLE_CHECK(!item.item_id.empty() && item.position >= -1);
    check_id(item.item_id);
  }
}

void check_limits(const Request& request) {
  check_id(request.user_id), check_id(request.request_id), check_id(request.session_id);
  RIFFLE_CHECK(!request.n || *request.n >= 1);
  for (const auto& dial : {request.diversity, request.explore})
    RIFFLE_CHECK(!dial || (*dial >= 0 && *dial <= 1));
  RIFFLE_CHECK(request.candidates.size() <= kLimits.candidates);
  RIFFLE_CHECK(request.exclude_items.size() <= kLimits.list_items);
  for (const RequestCandidate& candidate : request.candidates) {
    RIFFLE_CHECK(!candidate.item_id.empty());
    check_id(candidate.item_id);
    if (candidate.score) check_number(*candidate.score);
  }
}

void check_limits(const Item& item) {
  RIFFLE_CHECK(!item.item_id.empty());
  check_id(item.item_id);
  if (item.price) check_number(*item.price);
  if (item.stock) check_number(*item.stock);
  for (const ItemVector& vector : item.vectors) {
    RIFFLE_CHECK(vector.values.size() <= kLimits.vector_values);
    for (const float value : vector.values) RIFFLE_CHECK(std::isfinite(value));
  }
}

template <class Record>
void run(std::string_view json) {
  static JsonDecoder decoder(kLimits);
  static JsonDecoder again(kAgain);
  static Record record, back;
  if (const auto reason = decoder.decode(json, record)) {
    RIFFLE_CHECK(!reason->message.empty() && is_utf8(reason->message), reason->message);
    return;
  }
  check_limits(record);
  const std::string text = encode_json(record);
  const auto reason = again.decode(text, back);
  RIFFLE_CHECK(!reason, text, reason->message);
  RIFFLE_CHECK(encode_json(back) == text, text, encode_json(back));
}

void run_kinds(std::string_view json) {
  static JsonDecoder decoder(kLimits);
  JsonDecoder::Kind kind;
  if (!decoder.tell_kind(json, kind)) RIFFLE_CHECK(kind.id.size() <= json.size());
  if (const auto reason = decoder.check_profile(json, "u1"))
    RIFFLE_CHECK(is_utf8(reason->message), reason->message);
}

void run_list(std::string_view json) {
  const auto list = decode_recommendation(json);
  if (!list.ok()) return;
  RIFFLE_CHECK(!list->recommendation_id.empty() && !list->user_id.empty());
  RIFFLE_CHECK(list->slate_propensity >= 0 && list->slate_propensity <= 1);
  for (const ListedItem& item : list->items)
    RIFFLE_CHECK(!item.item_id.empty() && std::isfinite(item.score) && item.propensity >= 0 &&
                 item.propensity <= 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  run<Event>(json);
  run<Request>(json);
  run<Item>(json);
  run_kinds(json);
  run_list(json);
  return 0;
}
