#include "records/json_reader.h"

#include <bit>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace riffle::records {
namespace {

constexpr std::size_t kSmallestCapacity = 4096;

bool ends_like_an_object(std::string_view json) {
  const std::size_t last = json.find_last_not_of(" \t\r\n");
  return last != std::string_view::npos && json[last] == '}';
}

Reason reason_of(simdjson::error_code error, std::string_view json) {
  // Bytes that are no text explain whatever else the parser met.
  if (!simdjson::validate_utf8(json.data(), json.size()))
    return {Code::kNotUtf8, "the record is not valid UTF-8; set the producer's encoding to UTF-8"};
  switch (error) {
    case simdjson::EMPTY:
      return {Code::kEmptyRecord, "the record holds only white space; send a JSON object"};
    case simdjson::DEPTH_ERROR:
      return {Code::kTooDeep,
              absl::StrCat("the record nests deeper than ", kDeepest, " levels; flatten it")};
    case simdjson::CAPACITY:
    case simdjson::MEMALLOC:
      return {Code::kTooLarge, absl::StrCat("no memory to parse a record of ", json.size(),
                                            " bytes; send less at once")};
    case simdjson::NUMBER_ERROR:
      if (ends_like_an_object(json))
        return {Code::kBadField,
                "a number is malformed, or larger than 64-bit integers and doubles hold; send it "
                "as a string"};
      break;
    default:
      break;
  }
  return {Code::kNotJson,
          absl::StrCat("the record is not JSON, or was cut short (", simdjson::error_message(error),
                       " Read ", json.size(), " bytes); send one whole JSON object a record")};
}

}  // namespace

simdjson::error_code JsonReader::make_room(std::size_t bytes) {
  if (bytes <= capacity_) return simdjson::SUCCESS;
  // In powers of two: a longest record that grows byte by byte does not allocate each time.
  const std::size_t capacity = std::max(kSmallestCapacity, std::bit_ceil(bytes));
  if (const auto error = parser_.allocate(capacity, kDeepest)) return error;
  if (const auto error = parser_.doc.allocate(capacity)) return error;
  padded_.assign(capacity + simdjson::SIMDJSON_PADDING, ' ');
  capacity_ = capacity;
  return simdjson::SUCCESS;
}

std::optional<Reason> JsonReader::parse(std::string_view json, std::size_t largest_bytes,
                                        simdjson::dom::object& object) {
  if (json.empty())
    return Reason{Code::kEmptyRecord, "the record has no value; send a JSON object"};
  if (json.size() > largest_bytes)
    return Reason{
        Code::kTooLarge,
        absl::StrCat("the record has ", json.size(), " bytes, more than the ", largest_bytes,
                     " of limits.record_bytes; send less, or raise the limit")};
  if (json.front() == '\0')
    return Reason{Code::kSchemaRegistry,
                  "the record starts with the schema registry's magic byte 0; this topic carries "
                  "plain JSON: take the "
                  "registry's serializer off the producer"};
  if (const auto error = make_room(json.size())) return reason_of(error, json);
  std::memcpy(padded_.data(), json.data(), json.size());
  simdjson::dom::element root;
  if (const auto error = parser_.parse(padded_.data(), json.size(), false).get(root))
    return reason_of(error, json);
  if (root.get_object().get(object))
    return Reason{Code::kNotJson,
                  "the record is JSON, but not an object; send one object a record: {…}"};
  return std::nullopt;
}

}  // namespace riffle::records
