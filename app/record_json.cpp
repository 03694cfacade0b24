#include "app/record_json.h"

#include "absl/strings/escaping.h"
#include "records/candidate_table.h"
#include "records/json_text.h"
#include "records/json_writer.h"
#include "records/message_json.h"
#include "records/proto_codec.h"
#include "records/riffle.pb.h"

namespace riffle::app {
namespace {

using records::JsonWriter;

std::string base64(std::string_view bytes) {
  return absl::Base64Escape(absl::string_view(bytes.data(), bytes.size()));
}

void write_headers(JsonWriter& json, const std::vector<bus::Header>& headers) {
  if (headers.empty()) return;
  json.key("headers").begin_object();
  for (const bus::Header& header : headers) {
    json.key(header.name);
    if (records::is_utf8(header.value)) {
      json.value(header.value);
    } else {
      json.begin_object().member("base64", base64(header.value)).end_object();
    }
  }
  json.end_object();
}

void write_bytes(JsonWriter& json, std::string_view value) {
  if (const auto small = records::minified_json(value)) {
    json.key("value").json(*small);
  } else if (records::is_utf8(value)) {
    json.member("value_text", value);
  } else {
    json.member("value_base64", base64(value));
  }
}

template <class Message>
void write_message(JsonWriter& json, std::string_view value) {
  Message message;
  absl::Status read = pb::decode(value, message);
  if constexpr (std::is_same_v<Message, pb::Outcome>)
    if (read.ok()) read = records::spread_candidates(message);
  if (read.ok()) {
    json.key("value").json(pb::to_json(message));
  } else {
    json.member("value_base64", base64(value));
  }
}

// A block is up to half a MiB of a learner's numbers: its size says more to a reader.
void write_policy(JsonWriter& json, std::string_view key, std::string_view value) {
  if (key.find("/block/") == std::string_view::npos)
    return write_message<pb::PolicyManifest>(json, value);
  json.key("value")
      .begin_object()
      .member("block_bytes", static_cast<std::uint64_t>(value.size()))
      .end_object();
}

void write_value(JsonWriter& json, const bus::Record& record, TopicWord topic) {
  if (!record.value) {
    json.key("value").null();
    return;
  }
  switch (topic) {
    case TopicWord::kOutcomes:
      return write_message<pb::Outcome>(json, *record.value);
    case TopicWord::kEpochs:
      return write_message<pb::EpochRecord>(json, *record.value);
    case TopicWord::kItemStats:
      return write_message<pb::ItemStats>(json, *record.value);
    case TopicWord::kPolicy:
      return write_policy(json, record.key.value_or(""), *record.value);
    default:
      return write_bytes(json, *record.value);
  }
}

}  // namespace

std::string record_json(const bus::Record& record, TopicWord topic) {
  JsonWriter json;
  json.begin_object();
  json.member("topic", record.topic).member("partition", record.partition.value());
  json.member("offset", record.offset.value()).member("timestamp", record.timestamp);
  if (record.key && records::is_utf8(*record.key)) {
    json.member("key", *record.key);
  } else if (record.key) {
    json.member("key_base64", base64(*record.key));
  }
  write_headers(json, record.headers);
  write_value(json, record, topic);
  json.end_object();
  return json.take();
}

}  // namespace riffle::app
