#include "records/extra_members.h"

#include "absl/strings/str_cat.h"

namespace riffle::records {
namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

void write_text(Writer& writer, std::string_view text, bool key) {
  const auto size = static_cast<rapidjson::SizeType>(text.size());
  if (key)
    writer.Key(text.data(), size);
  else
    writer.String(text.data(), size);
}

// As deep as kDeepest at most: the parser saw to it.
void write_value(Writer& writer, element value) {
  switch (value.type()) {
    case simdjson::dom::element_type::ARRAY: {
      const simdjson::dom::array array = value.get_array().value_unsafe();
      writer.StartArray();
      for (const element member : array) write_value(writer, member);
      writer.EndArray();
      break;
    }
    case simdjson::dom::element_type::OBJECT: {
      const simdjson::dom::object object = value.get_object().value_unsafe();
      writer.StartObject();
      for (const auto& member : object) {
        write_text(writer, member.key, true);
        write_value(writer, member.value);
      }
      writer.EndObject();
      break;
    }
    case simdjson::dom::element_type::INT64:
      writer.Int64(value.get_int64().value_unsafe());
      break;
    case simdjson::dom::element_type::UINT64:
      writer.Uint64(value.get_uint64().value_unsafe());
      break;
    case simdjson::dom::element_type::DOUBLE:
      writer.Double(value.get_double().value_unsafe());
      break;
    case simdjson::dom::element_type::STRING:
      write_text(writer, value.get_string().value_unsafe(), false);
      break;
    case simdjson::dom::element_type::BOOL:
      writer.Bool(value.get_bool().value_unsafe());
      break;
    case simdjson::dom::element_type::NULL_VALUE:
      writer.Null();
      break;
  }
}

}  // namespace

bool ExtraMembers::too_many(MemberReader& reader) {
  return reader.fail(
      Code::kTooMany, "record",
      absl::StrCat("has more members, with those of its fields or context, than the ",
                   reader.limits().fields, " of limits.fields; send fewer"));
}

bool ExtraMembers::add(MemberReader& reader, std::string_view name, element value) {
  for (const auto& [other, _] : members_)
    if (other == name)
      return reader.fail(Code::kDuplicateKey, Place(name),
                         "comes twice, in the record or in its fields or context; send it once");
  if (known_ + members_.size() >= reader.limits().fields) return too_many(reader);
  members_.emplace_back(name, value);
  return true;
}

bool ExtraMembers::add_object(MemberReader& reader, std::string_view member, element value) {
  simdjson::dom::object object;
  if (value.get_object().get(object))
    return reader.fail(Code::kBadField, Place(member), "is not an object; send {…}");
  for (const auto& inner : object)
    if (!add(reader, inner.key, inner.value)) return false;
  return true;
}

void ExtraMembers::write(std::string& out) {
  out.clear();
  if (members_.empty()) return;
  buffer_.Clear();
  writer_.Reset(buffer_);
  writer_.StartObject();
  for (const auto& [name, value] : members_) {
    write_text(writer_, name, true);
    write_value(writer_, value);
  }
  writer_.EndObject();
  out.assign(buffer_.GetString(), buffer_.GetSize());
}

}  // namespace riffle::records
