#include "records/json_writer.h"

#include <rapidjson/encodings.h>
#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <charconv>
#include <cmath>
#include <variant>

#include "base/check.h"
#include "records/time_text.h"

namespace riffle::records {
namespace {

// How many bytes of a sound UTF-8 sequence `text` begins with; 0: it does not.
std::size_t sequence_bytes(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xC2 && first <= 0xDF   ? 2
                             : first >= 0xE0 && first <= 0xEF ? 3
                             : first >= 0xF0 && first <= 0xF4 ? 4
                                                              : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  // Overlong forms, surrogates, and what lies beyond U+10FFFF.
  if (first == 0xE0 && byte(1) < 0xA0) return 0;
  if (first == 0xED && byte(1) > 0x9F) return 0;
  if (first == 0xF0 && byte(1) < 0x90) return 0;
  if (first == 0xF4 && byte(1) > 0x8F) return 0;
  return length;
}

std::string sound_utf8(std::string_view text) {
  std::string sound;
  sound.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = sequence_bytes(text);
    if (length == 0) {
      sound += "\xEF\xBF\xBD";
      text.remove_prefix(1);
      continue;
    }
    sound.append(text.substr(0, length));
    text.remove_prefix(length);
  }
  return sound;
}

}  // namespace

struct JsonWriter::Impl {
  rapidjson::StringBuffer buffer;
  using Compact = rapidjson::Writer<rapidjson::StringBuffer>;
  using Pretty = rapidjson::PrettyWriter<rapidjson::StringBuffer>;
  std::variant<Compact, Pretty> writer;

  explicit Impl(Layout layout) {
    if (layout == Layout::kIndented) {
      writer.emplace<Pretty>(buffer).SetIndent(' ', 2);
    } else {
      writer.emplace<Compact>(buffer);
    }
  }
  template <class F>
  void write(F&& f) {
    const bool written = std::visit(f, writer);
    RIFFLE_CHECK(written, "JSON was not written");
  }
};

JsonWriter::JsonWriter(Layout layout) : impl_(std::make_unique<Impl>(layout)) {}
JsonWriter::~JsonWriter() = default;
JsonWriter::JsonWriter(JsonWriter&&) noexcept = default;

JsonWriter& JsonWriter::begin_object() {
  impl_->write([](auto& writer) { return writer.StartObject(); });
  return *this;
}

JsonWriter& JsonWriter::end_object() {
  impl_->write([](auto& writer) { return writer.EndObject(); });
  return *this;
}

JsonWriter& JsonWriter::begin_array() {
  impl_->write([](auto& writer) { return writer.StartArray(); });
  return *this;
}

JsonWriter& JsonWriter::end_array() {
  impl_->write([](auto& writer) { return writer.EndArray(); });
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  impl_->write([&](auto& writer) {
    return writer.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
  });
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  const std::string sound = sound_utf8(text);
  impl_->write([&](auto& writer) {
    return writer.String(sound.data(), static_cast<rapidjson::SizeType>(sound.size()));
  });
  return *this;
}

JsonWriter& JsonWriter::value(double number) {
  if (!std::isfinite(number)) return null();
  impl_->write([&](auto& writer) { return writer.Double(number); });
  return *this;
}

JsonWriter& JsonWriter::value(float number) {
  if (!std::isfinite(number)) return null();
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, number).ptr;
  return json(std::string_view(text, static_cast<std::size_t>(end - text)));
}

JsonWriter& JsonWriter::value(std::int64_t number) {
  impl_->write([&](auto& writer) { return writer.Int64(number); });
  return *this;
}

JsonWriter& JsonWriter::value(std::uint64_t number) {
  impl_->write([&](auto& writer) { return writer.Uint64(number); });
  return *this;
}

JsonWriter& JsonWriter::value(bool flag) {
  impl_->write([&](auto& writer) { return writer.Bool(flag); });
  return *this;
}

JsonWriter& JsonWriter::value(TimePoint time) { return value(std::string_view(format_time(time))); }

JsonWriter& JsonWriter::null() {
  impl_->write([](auto& writer) { return writer.Null(); });
  return *this;
}

JsonWriter& JsonWriter::json(std::string_view text) {
  impl_->write([&](auto& writer) {
    return writer.RawValue(text.data(), text.size(), rapidjson::kObjectType);
  });
  return *this;
}

std::string JsonWriter::take() {
  const bool complete = std::visit([](auto& writer) { return writer.IsComplete(); }, impl_->writer);
  RIFFLE_CHECK(complete, "the JSON text is not finished", impl_->buffer.GetString());
  return std::string(impl_->buffer.GetString(), impl_->buffer.GetSize());
}

}  // namespace riffle::records
