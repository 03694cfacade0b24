#include "records/json_decoders.h"

namespace riffle::records {
namespace {

void clear(Item& item) {
  item.item_id.assign({});
  for (std::string* text : {&item.title, &item.brand, &item.seller, &item.image, &item.fields})
    text->clear();
  item.text.clear();
  item.category.clear();
  item.tags.clear();
  item.vectors.clear();
  item.price.reset();
  item.stock.reset();
  item.published_at.reset();
}

}  // namespace

bool ItemDecoder::decode(simdjson::dom::object object, MemberReader& reader, ExtraMembers& extras,
                         Item& item) {
  clear(item);
  std::uint64_t seen = 0;
  const auto read = [&](std::size_t index, element value) {
    return read_member(reader, index, value, item);
  };
  if (!read_members(object, names_, kFields, reader, extras, seen, read)) return false;
  if (item.item_id.empty()) return reader.missing("item_id", "every item has an id");
  extras.write(item.fields);
  return true;
}

bool ItemDecoder::read_member(MemberReader& reader, std::size_t index, element value, Item& item) {
  const double most = reader.limits().largest_number;
  switch (index) {
    case kItemId:
      return reader.needed_id("item_id", value, item.item_id);
    case kTitle:
      return reader.text("title", value, item.title);
    case kText:
      return read_text(reader, value, item);
    case kCategory:
      return read_names(reader, "category", value, item.category);
    case kBrand:
      return reader.name("brand", value, item.brand);
    case kSeller:
      return reader.name("seller", value, item.seller);
    case kPrice:
      return reader.number("price", value, 0, most, item.price.emplace());
    case kStock:
      return reader.number("stock", value, -most, most, item.stock.emplace());
    case kPublishedAt:
      return reader.time("published_at", value, item.published_at);
    case kTags:
      return read_names(reader, "tags", value, item.tags);
    case kImage:
      return reader.text("image", value, item.image);
    default:
      return read_vectors(reader, value, item);
  }
}

// A text, or texts by language.
bool ItemDecoder::read_text(MemberReader& reader, element value, Item& item) {
  simdjson::dom::object object;
  if (value.get_object().get(object))
    return reader.text("text", value, item.text.emplace_back().second);
  for (const auto& member : object) {
    if (item.text.size() == reader.limits().fields)
      return reader.fail(Code::kTooMany, "text",
                         "has more languages than limits.fields; send fewer");
    for (const auto& [language, _] : item.text)
      if (language == member.key)
        return reader.fail(Code::kDuplicateKey, "text", "names a language twice; send it once");
    auto& [language, text] = item.text.emplace_back();
    language.assign(member.key);
    if (!reader.text("text", member.value, text)) return false;
  }
  return true;
}

// A list of names, or one name alone.
bool ItemDecoder::read_names(MemberReader& reader, std::string_view member, element value,
                             std::vector<std::string>& out) {
  if (value.is_string()) return reader.name(Place(member), value, out.emplace_back());
  simdjson::dom::array list;
  if (!reader.list(Place(member), value, reader.limits().list_items, "limits.list_items", list))
    return false;
  std::ptrdiff_t i = 0;
  for (const element name : list)
    if (!reader.name(Place(member, i++), name, out.emplace_back())) return false;
  return true;
}

bool ItemDecoder::read_vectors(MemberReader& reader, element value, Item& item) {
  simdjson::dom::array list;
  if (!reader.list("vectors", value, reader.limits().fields, "limits.fields", list)) return false;
  std::ptrdiff_t i = 0;
  for (const element vector : list) {
    simdjson::dom::object object;
    if (vector.get_object().get(object))
      return reader.fail(Code::kBadField, Place("vectors", i),
                         "is not an object; send {\"name\", \"version\", \"values\"}");
    if (!read_vector(reader, i++, object, item.vectors.emplace_back())) return false;
  }
  return true;
}

bool ItemDecoder::read_vector(MemberReader& reader, std::ptrdiff_t index,
                              simdjson::dom::object object, ItemVector& out) {
  for (const auto& member : object) {
    if (member.value.is_null()) continue;
    if (member.key == "name" &&
        !reader.name(Place("vectors", index, "name"), member.value, out.name))
      return false;
    if (member.key == "version" &&
        !reader.name(Place("vectors", index, "version"), member.value, out.version))
      return false;
    if (member.key != "values") continue;
    const Place place("vectors", index, "values");
    simdjson::dom::array values;
    if (!reader.list(place, member.value, reader.limits().vector_values, "limits.vector_values",
                     values))
      return false;
    out.values.clear();
    out.values.reserve(values.size());
    const double most = reader.limits().largest_number;
    for (const element value : values) {
      double number = 0;
      if (!reader.number(place, value, -most, most, number)) return false;
      out.values.push_back(static_cast<float>(number));
    }
  }
  if (!out.name.empty() && !out.values.empty()) return true;
  return reader.fail(Code::kMissingField, Place("vectors", index), "needs a name and values");
}

}  // namespace riffle::records
