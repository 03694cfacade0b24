#include "records/list_encoder.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

#include <rapidjson/internal/dtoa.h>

#include "base/check.h"

namespace riffle::records {
namespace {

// A list of ten with three reasons an item; longer ones grow.
constexpr std::size_t kRoom = 6 * 1024;

bool needs_escape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

// How many bytes a string of JSON may take as they are: eight at a time, by the usual tests of a word for a zero byte.
std::size_t plain_prefix(std::string_view text) {
  constexpr std::uint64_t kOnes = 0x0101010101010101ULL, kHigh = 0x8080808080808080ULL;
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + at, sizeof word);
    const std::uint64_t quote = word ^ (kOnes * '"'), slash = word ^ (kOnes * '\\');
    const std::uint64_t control = (word - kOnes * 0x20) & ~word;
    if (((control | ((quote - kOnes) & ~quote) | ((slash - kOnes) & ~slash)) & kHigh) != 0) break;
  }
  while (at < text.size() && !needs_escape(text[at])) ++at;
  return at;
}

// JSON as it is written by hand: members are literals with their commas, so that nothing is kept of what is open.
class ListWriter {
 public:
  explicit ListWriter(std::string& out) : out_(out) {
    out_.clear();
    out_.reserve(kRoom);
  }

  void literal(std::string_view text) { out_.append(text); }
  void string(std::string_view text) {
    out_.push_back('"');
    piece(text);
    out_.push_back('"');
  }
  // Of a string.
  void piece(std::string_view text) {
    for (std::size_t plain; (plain = plain_prefix(text)) < text.size(); text.remove_prefix(plain + 1)) {
      out_.append(text.substr(0, plain));
      escape(text[plain]);
    }
    out_.append(text);
  }
  void text(std::string_view before, std::string_view value) {
    literal(before);
    string(value);
  }
  void real(std::string_view before, double value) {
    RIFFLE_CHECK(std::isfinite(value), "JSON has no such number", std::string(before), value);
    literal(before);
    char digits[32];
    out_.append(digits, rapidjson::internal::dtoa(value, digits));
  }
  // A float with the digits that tell it from its neighbours, not with those of the double that it becomes.
  void single(std::string_view before, float value) {
    real(before, std::nearbyint(static_cast<double>(value) * 1e7) / 1e7);
  }
  void whole(std::string_view before, std::int64_t value) {
    literal(before);
    char digits[24];
    out_.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  }

 private:
  void escape(char c) {
    static constexpr std::string_view kHex = "0123456789ABCDEF";
    switch (c) {
      case '"': return literal("\\\"");
      case '\\': return literal("\\\\");
      case '\b': return literal("\\b");
      case '\f': return literal("\\f");
      case '\n': return literal("\\n");
      case '\r': return literal("\\r");
      case '\t': return literal("\\t");
      default: break;
    }
    literal("\\u00");
    out_.push_back(kHex[static_cast<unsigned char>(c) >> 4]);
    out_.push_back(kHex[static_cast<unsigned char>(c) & 15]);
  }

  std::string& out_;
};

void write_slot(const pb::Slot& slot, int position, const ListedSlotNotes& notes, ListWriter& writer) {
  writer.text(R"({"item_id":)", slot.item_id());
  writer.whole(R"(,"position":)", position);
  writer.single(R"(,"score":)", slot.score());
  writer.real(R"(,"propensity":)", slot.propensity());
  writer.text(R"(,"source":)", notes.source);
  writer.literal(R"(,"reasons":[)");
  bool first = true;
  for (const ListReason& reason : notes.reasons) {
    writer.text(first ? R"({"code":)" : R"(,{"code":)", reason.code);
    if (!reason.evidence.empty()) writer.text(R"(,"evidence":)", reason.evidence);
    writer.literal(R"(,"text":")");
    writer.piece(reason.text);
    writer.piece(reason.title);
    writer.piece(reason.text_after);
    writer.literal("\"}");
    first = false;
  }
  writer.literal("]}");
}

}  // namespace

void encode_list(const pb::Decision& decision, const ListNotes& notes, std::string& out) {
  RIFFLE_CHECK(static_cast<std::size_t>(decision.slots_size()) == notes.slots.size(), "slots", decision.slots_size(),
               "notes", notes.slots.size());
  ListWriter writer(out);
  writer.text(R"({"recommendation_id":)", decision.recommendation_id());
  writer.text(R"(,"request_id":)",
              decision.request_id().empty() ? notes.request_name : std::string_view(decision.request_id()));
  writer.text(R"(,"user_id":)", decision.user_id());
  if (!decision.session_id().empty()) writer.text(R"(,"session_id":)", decision.session_id());
  if (!decision.surface().empty()) writer.text(R"(,"surface":)", decision.surface());
  writer.whole(R"(,"timestamp":)", decision.time_ms());
  writer.text(R"(,"policy_id":)", decision.policy_id());
  writer.whole(R"(,"policy_version":)", static_cast<std::int64_t>(decision.policy_version()));
  writer.literal(R"(,"items":[)");
  for (int i = 0; i < decision.slots_size(); ++i) {
    if (i > 0) writer.literal(",");
    write_slot(decision.slots(i), i, notes.slots[static_cast<std::size_t>(i)], writer);
  }
  writer.real(R"(],"slate_propensity":)", decision.slate_propensity());
  writer.real(R"(,"explore":)", decision.explore());
  writer.real(R"(,"diversity":)", decision.diversity());
  writer.literal(R"(,"degraded":[)");
  for (int i = 0; i < decision.degraded_size(); ++i) writer.text(i > 0 ? "," : "", decision.degraded(i));
  writer.real(R"(],"took_ms":)", notes.took_ms);
  writer.literal(R"(,"as_of":{)");
  for (int i = 0; i < decision.as_of_size(); ++i) {
    writer.text(i > 0 ? "," : "", decision.as_of(i).input());
    writer.whole(":", decision.as_of(i).offset());
  }
  writer.literal("}}");
}

}  // namespace riffle::records
