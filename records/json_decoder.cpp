#include "absl/strings/str_cat.h"
#include "records/json_codec.h"
#include "records/json_decoders.h"
#include "records/json_reader.h"

namespace riffle::records {

struct JsonDecoder::Impl {
  explicit Impl(const Limits& limits) : members(limits) {}

  template <class Decoder, class Record>
  std::optional<Reason> decode(std::string_view json, Decoder& decoder, Record& record) {
    simdjson::dom::object object;
    if (auto reason = reader.parse(json, members.limits().record_bytes, object)) return reason;
    if (decoder.decode(object, members, extras, record)) return std::nullopt;
    return members.take_reason();
  }

  JsonReader reader;
  MemberReader members;
  ExtraMembers extras;
  EventDecoder events;
  RequestDecoder requests;
  ItemDecoder items;
  MemberNames<1> profile{std::array<std::string_view, 1>{"user_id"}};
};

JsonDecoder::JsonDecoder(const Limits& limits) : impl_(std::make_unique<Impl>(limits)) {}
JsonDecoder::~JsonDecoder() = default;
JsonDecoder::JsonDecoder(JsonDecoder&&) noexcept = default;

std::optional<Reason> JsonDecoder::decode(std::string_view json, Event& event) {
  return impl_->decode(json, impl_->events, event);
}

std::optional<Reason> JsonDecoder::decode(std::string_view json, Request& request) {
  return impl_->decode(json, impl_->requests, request);
}

std::optional<Reason> JsonDecoder::decode(std::string_view json, Item& item) {
  return impl_->decode(json, impl_->items, item);
}

std::optional<Reason> JsonDecoder::check_profile(std::string_view json, std::string_view user_id) {
  simdjson::dom::object object;
  MemberReader& members = impl_->members;
  if (auto reason = impl_->reader.parse(json, members.limits().record_bytes, object)) return reason;
  std::uint64_t seen = 0;
  UserId id;
  const auto read = [&](std::size_t, element value) {
    return members.needed_id("user_id", value, id);
  };
  if (!read_members(object, impl_->profile, 1, members, impl_->extras, seen, read))
    return members.take_reason();
  if (id.empty()) {
    members.missing("user_id", "a profile is some user's");
    return members.take_reason();
  }
  if (id.str() != user_id) {
    members.fail(
        Code::kMisrouted, "user_id",
        absl::StrCat("is \"", id.str(), "\" but the record's key is \"", std::string(user_id),
                     "\"; produce the record with its user_id as key"));
    return members.take_reason();
  }
  return std::nullopt;
}

std::optional<Reason> JsonDecoder::tell_kind(std::string_view json, Kind& kind) {
  simdjson::dom::object object;
  if (auto reason = impl_->reader.parse(json, impl_->members.limits().record_bytes, object))
    return reason;
  std::string_view event;
  if (object.at_key("event").error() == simdjson::SUCCESS) {
    // Whatever stands there, the event decoder says what is wrong with it.
    const bool request = !object.at_key("event").get_string().get(event) && event == "request";
    kind = {request ? RecordKind::kRequest : RecordKind::kEvent, {}};
    return std::nullopt;
  }
  for (const auto& [name, of] : {std::pair(std::string_view("item_id"), RecordKind::kItem),
                                 std::pair(std::string_view("user_id"), RecordKind::kProfile)}) {
    const auto id = object.at_key(name);
    if (id.error() != simdjson::SUCCESS) continue;
    kind = {of, {}};
    std::string_view text;
    if (!id.get_string().get(text)) kind.id = text;
    return std::nullopt;
  }
  return Reason{Code::kUnknownKind,
                "the record has no \"event\", no \"item_id\" and no \"user_id\": it is no event, "
                "request, item or profile"};
}

}  // namespace riffle::records
