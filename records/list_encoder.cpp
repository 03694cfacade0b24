#include "records/list_encoder.h"

#include <cmath>

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "base/check.h"

namespace riffle::records {
namespace {

// A list of ten with three reasons an item; longer ones grow.
constexpr std::size_t kRoom = 6 * 1024;

class ListWriter {
 public:
  ListWriter() : buffer_(nullptr, kRoom), writer_(buffer_) {}

  void key(std::string_view name) { writer_.Key(name.data(), static_cast<rapidjson::SizeType>(name.size())); }
  void string(std::string_view text) { writer_.String(text.data(), static_cast<rapidjson::SizeType>(text.size())); }
  void text(std::string_view name, std::string_view value) {
    key(name);
    string(value);
  }
  void real(std::string_view name, double value) {
    RIFFLE_CHECK(std::isfinite(value), "JSON has no such number", std::string(name), value);
    key(name);
    writer_.Double(value);
  }
  // A float with the digits that tell it from its neighbours, not with those of the double that it becomes.
  void single(std::string_view name, float value) { real(name, std::nearbyint(static_cast<double>(value) * 1e7) / 1e7); }
  void whole(std::string_view name, std::int64_t value) {
    key(name);
    writer_.Int64(value);
  }
  void open_object() { writer_.StartObject(); }
  void close_object() { writer_.EndObject(); }
  void open_list(std::string_view name) {
    key(name);
    writer_.StartArray();
  }
  void close_list() { writer_.EndArray(); }
  std::string_view bytes() const { return {buffer_.GetString(), buffer_.GetSize()}; }

 private:
  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_;
};

void write_slot(const pb::Slot& slot, int position, const ListedSlotNotes& notes, ListWriter& writer) {
  writer.open_object();
  writer.text("item_id", slot.item_id());
  writer.whole("position", position);
  writer.single("score", slot.score());
  writer.real("propensity", slot.propensity());
  writer.text("source", notes.source);
  writer.open_list("reasons");
  for (const ListReason& reason : notes.reasons) {
    writer.open_object();
    writer.text("code", reason.code);
    if (!reason.evidence.empty()) writer.text("evidence", reason.evidence);
    writer.text("text", reason.text);
    writer.close_object();
  }
  writer.close_list();
  writer.close_object();
}

}  // namespace

void encode_list(const pb::Decision& decision, const ListNotes& notes, std::string& out) {
  RIFFLE_CHECK(static_cast<std::size_t>(decision.slots_size()) == notes.slots.size(), "slots", decision.slots_size(),
               "notes", notes.slots.size());
  ListWriter writer;
  writer.open_object();
  writer.text("recommendation_id", decision.recommendation_id());
  writer.text("request_id", decision.request_id().empty() ? notes.request_name : decision.request_id());
  writer.text("user_id", decision.user_id());
  if (!decision.session_id().empty()) writer.text("session_id", decision.session_id());
  if (!decision.surface().empty()) writer.text("surface", decision.surface());
  writer.whole("timestamp", decision.time_ms());
  writer.text("policy_id", decision.policy_id());
  writer.whole("policy_version", static_cast<std::int64_t>(decision.policy_version()));
  writer.open_list("items");
  for (int i = 0; i < decision.slots_size(); ++i)
    write_slot(decision.slots(i), i, notes.slots[static_cast<std::size_t>(i)], writer);
  writer.close_list();
  writer.real("slate_propensity", decision.slate_propensity());
  writer.real("explore", decision.explore());
  writer.real("diversity", decision.diversity());
  writer.open_list("degraded");
  for (const std::string& cause : decision.degraded()) writer.string(cause);
  writer.close_list();
  writer.real("took_ms", notes.took_ms);
  writer.key("as_of");
  writer.open_object();
  for (const pb::AsOf& as_of : decision.as_of()) writer.whole(as_of.input(), as_of.offset());
  writer.close_object();
  writer.close_object();
  out.assign(writer.bytes());
}

}  // namespace riffle::records
