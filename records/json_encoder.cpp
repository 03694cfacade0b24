#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cmath>

#include "base/check.h"
#include "records/json_codec.h"

namespace riffle::records {
namespace {

// Members in a fixed order; what is at its default is left out.
class Encoder {
 public:
  Encoder() : writer_(buffer_) { writer_.StartObject(); }

  std::string finish() {
    writer_.EndObject();
    return std::string(buffer_.GetString(), buffer_.GetSize());
  }

  void key(std::string_view name) {
    writer_.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
  }
  void string(std::string_view text) {
    writer_.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  }
  void number(double value) {
    RIFFLE_CHECK(std::isfinite(value), "JSON has no such number", value);
    writer_.Double(value);
  }
  void integer(std::int64_t value) { writer_.Int64(value); }

  void text(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    key(name);
    string(value);
  }
  void real(std::string_view name, const std::optional<double>& value) {
    if (!value) return;
    key(name);
    number(*value);
  }
  void whole(std::string_view name, const std::optional<std::int64_t>& value) {
    if (!value) return;
    key(name);
    integer(*value);
  }
  void time(std::string_view name, const std::optional<TimePoint>& value) {
    if (value) whole(name, to_ms(*value));
  }
  void position(std::int32_t value) {
    if (value >= 0) whole("position", value);
  }
  // A JSON object as text.
  void raw(std::string_view name, std::string_view json) {
    if (json.empty()) return;
    key(name);
    writer_.RawValue(json.data(), json.size(), rapidjson::kObjectType);
  }
  template <class List, class F>
  void list(std::string_view name, const List& values, F&& write_one) {
    if (values.empty()) return;
    key(name);
    writer_.StartArray();
    for (const auto& value : values) write_one(value);
    writer_.EndArray();
  }
  template <class F>
  void object(F&& write_members) {
    writer_.StartObject();
    write_members();
    writer_.EndObject();
  }

 private:
  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_;
};

std::string_view kind_name(EventKind kind) {
  switch (kind) {
    case EventKind::kInteraction:
      return "interaction";
    case EventKind::kImpression:
      return "impression";
    case EventKind::kErase:
      return "erase";
  }
  return "interaction";
}

}  // namespace

std::string encode_json(const Event& event) {
  Encoder to;
  to.text("event", kind_name(event.kind));
  if (event.kind == EventKind::kInteraction) {
    const bool named = event.type == InteractionType::kOther && !event.type_name.empty();
    to.text("type", named ? std::string_view(event.type_name) : name_of(event.type));
  }
  to.text("event_id", event.event_id.str());
  to.time("timestamp", event.timestamp);
  to.text("user_id", event.user_id.str());
  to.text("session_id", event.session_id.str());
  to.text("item_id", event.item_id.str());
  if (event.kind == EventKind::kInteraction) to.real("value", event.value);
  to.text("recommendation_id", event.recommendation_id.str());
  to.position(event.position);
  to.text("surface", event.surface);
  to.list("items", event.items, [&](const ExposedItem& shown) {
    to.object([&] {
      to.text("item_id", shown.item_id.str());
      to.position(shown.position);
    });
  });
  to.raw("fields", event.fields);
  return to.finish();
}

std::string encode_json(const Request& request) {
  Encoder to;
  to.text("event", "request");
  to.text("request_id", request.request_id.str());
  to.time("timestamp", request.timestamp);
  to.text("user_id", request.user_id.str());
  to.text("session_id", request.session_id.str());
  to.text("surface", request.surface);
  if (request.n) to.whole("n", *request.n);
  to.real("diversity", request.diversity);
  to.real("explore", request.explore);
  to.list("candidates", request.candidates, [&](const RequestCandidate& candidate) {
    if (!candidate.score) return to.string(candidate.item_id.str());
    to.object([&] {
      to.text("item_id", candidate.item_id.str());
      to.real("score", candidate.score);
    });
  });
  to.list("exclude_items", request.exclude_items, [&](const ItemId& id) { to.string(id.str()); });
  if (request.deadline) to.whole("deadline_ms", request.deadline->count());
  to.text("language", request.language);
  to.raw("context", request.context);
  return to.finish();
}

std::string encode_json(const Item& item) {
  Encoder to;
  to.text("item_id", item.item_id.str());
  to.text("title", item.title);
  if (!item.text.empty()) {
    to.key("text");
    to.object([&] {
      for (const auto& [language, text] : item.text) {
        to.key(language);
        to.string(text);
      }
    });
  }
  to.list("category", item.category, [&](const std::string& name) { to.string(name); });
  to.text("brand", item.brand);
  to.text("seller", item.seller);
  to.real("price", item.price);
  to.real("stock", item.stock);
  to.time("published_at", item.published_at);
  to.list("tags", item.tags, [&](const std::string& tag) { to.string(tag); });
  to.text("image", item.image);
  to.list("vectors", item.vectors, [&](const ItemVector& vector) {
    to.object([&] {
      to.text("name", vector.name);
      to.text("version", vector.version);
      to.list("values", vector.values, [&](float value) { to.number(static_cast<double>(value)); });
    });
  });
  to.raw("fields", item.fields);
  return to.finish();
}

}  // namespace riffle::records
