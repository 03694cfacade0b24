// The members that Riffle does not know, kept as one JSON object together with those of the
// record's own object for such things (`fields`, or `context` of a request). Also counts all
// members against limits.fields and finds names that come twice. Private to records/.
#pragma once

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "records/member_reader.h"

namespace riffle::records {

class ExtraMembers {
 public:
  void clear() { members_.clear(), known_ = 0; }

  bool count_known(MemberReader& reader) {
    return ++known_ + members_.size() <= reader.limits().fields || too_many(reader);
  }
  bool add(MemberReader& reader, std::string_view name, element value);
  // All members of an object.
  bool add_object(MemberReader& reader, std::string_view member, element value);

  // Replaces `out`: one JSON object, or nothing where no member was added.
  void write(std::string& out);

 private:
  static bool too_many(MemberReader& reader);

  std::vector<std::pair<std::string_view, element>> members_;
  std::size_t known_ = 0;
  rapidjson::StringBuffer
      buffer_;  // kept between records, as its writer: their allocations cost more than the writing
  rapidjson::Writer<rapidjson::StringBuffer> writer_;
};

// Walks a record's members: known ones to `read(index, value)`, `object_member` (an index of
// `names`) and unknown ones into `extras`. A known member that is null counts as not sent. Answers
// which known members there were, as bits, through `seen`.
template <std::size_t N, class F>
bool read_members(simdjson::dom::object object, MemberNames<N>& names, std::size_t object_member,
                  MemberReader& reader, ExtraMembers& extras, std::uint64_t& seen, F&& read) {
  static_assert(N < 64);
  extras.clear();
  seen = 0;
  for (const auto& member : object) {
    const std::size_t index = names.find(member.key);
    if (index == N) {
      if (!extras.add(reader, member.key, member.value)) return false;
      continue;
    }
    if (!extras.count_known(reader)) return false;
    if (seen >> index & 1)
      return reader.fail(Code::kDuplicateKey, Place(names[index]),
                         "comes twice in the record; send it once");
    seen |= std::uint64_t{1} << index;
    if (member.value.is_null()) continue;
    const bool ok = index == object_member ? extras.add_object(reader, names[index], member.value)
                                           : read(index, member.value);
    if (!ok) return false;
  }
  return true;
}

}  // namespace riffle::records
