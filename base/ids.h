// Strong ids: a UserId is not an ItemId and an Offset not a Partition; mixing them does not compile.
//
// Strings keep what the shop sent (UTF-8, at most 256 bytes, checked by ingest). ItemKey is the 64-bit hash of an
// ItemId: rows, histories and neighbour lists hold keys because they are small; the item's row and the catalogue keep
// the id itself, and a second id with the same key is refused as a dead letter (base/hash.h says how rare that is).
#pragma once

#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

namespace riffle {

template <class Tag>
class StringId {
 public:
  StringId() = default;
  explicit StringId(std::string value) : value_(std::move(value)) {}
  explicit StringId(std::string_view value) : value_(value) {}
  explicit StringId(const char* value) : value_(value) {}

  const std::string& str() const { return value_; }
  bool empty() const { return value_.empty(); }
  // For decoders that fill the same object again and again without giving its memory back.
  void assign(std::string_view value) { value_.assign(value); }

  friend bool operator==(const StringId&, const StringId&) = default;
  friend auto operator<=>(const StringId&, const StringId&) = default;
  template <class H>
  friend H AbslHashValue(H h, const StringId& id) { return H::combine(std::move(h), id.value_); }
  friend std::ostream& operator<<(std::ostream& out, const StringId& id) { return out << id.value_; }

 private:
  std::string value_;
};

template <class Tag, class Rep>
class NumberId {
 public:
  constexpr NumberId() = default;
  constexpr explicit NumberId(Rep value) : value_(value) {}
  constexpr Rep value() const { return value_; }

  friend constexpr bool operator==(NumberId, NumberId) = default;
  friend constexpr auto operator<=>(NumberId, NumberId) = default;
  template <class H>
  friend H AbslHashValue(H h, NumberId id) { return H::combine(std::move(h), id.value_); }
  friend std::ostream& operator<<(std::ostream& out, NumberId id) { return out << id.value_; }

 private:
  Rep value_{};
};

using UserId = StringId<struct UserTag>;
using ItemId = StringId<struct ItemTag>;
using SessionId = StringId<struct SessionTag>;
using EventId = StringId<struct EventTag>;
using RequestId = StringId<struct RequestTag>;
using RecommendationId = StringId<struct RecommendationTag>;
using PolicyId = StringId<struct PolicyTag>;

using ItemKey = NumberId<struct ItemKeyTag, std::uint64_t>;
using CategoryKey = NumberId<struct CategoryKeyTag, std::uint64_t>;  // hash of a whole category path; 0: none

// A partition number of a topic; a shard has the number of the partitions that it owns.
using Partition = NumberId<struct PartitionTag, std::int32_t>;
// The place of a record in its partition. A stored offset is always that of the *next* record to apply.
using Offset = NumberId<struct OffsetTag, std::int64_t>;

constexpr Offset next(Offset offset) { return Offset(offset.value() + 1); }

}  // namespace riffle

template <class Tag>
struct std::hash<riffle::StringId<Tag>> {
  std::size_t operator()(const riffle::StringId<Tag>& id) const { return std::hash<std::string>()(id.str()); }
};
