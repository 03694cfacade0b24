// Lists whose members name an item: plain ids, or objects with an item_id and more. Private to records/.
#pragma once

#include <string_view>
#include <vector>

#include "records/member_reader.h"

namespace riffle::records {

// Appends to `out`, whose entries have an item_id. `most`: of them, by the limit `limit`. `plain(entry, index)` completes one that came as its id alone;
// `read(entry, name, place, value)` takes an object's other members and answers as a MemberReader does. `needed` says why
// an entry names its item.
template <class Entry, class Plain, class Read>
bool read_item_list(MemberReader& reader, std::string_view member, element value, std::size_t most,
                    std::string_view limit, std::string_view needed,
                    std::vector<Entry>& out, Plain&& plain, Read&& read) {
  simdjson::dom::array list;
  if (!reader.list(member, value, most, limit, list)) return false;
  std::ptrdiff_t i = 0;
  for (const element one : list) {
    Entry& entry = out.emplace_back();
    simdjson::dom::object object;
    if (one.get_object().get(object)) {
      if (!reader.needed_id(Place(member, i), one, entry.item_id)) return false;
      plain(entry, i);
    } else {
      for (const auto& inner : object) {
        if (inner.value.is_null()) continue;
        const Place place(member, i, inner.key);
        const bool ok = inner.key == "item_id" ? reader.needed_id(place, inner.value, entry.item_id)
                                               : read(entry, inner.key, place, inner.value);
        if (!ok) return false;
      }
      if (entry.item_id.empty()) return reader.fail(Code::kMissingField, Place(member, i, "item_id"), needed);
    }
    ++i;
  }
  return true;
}

}  // namespace riffle::records
