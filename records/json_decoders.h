// One decoder a kind of record, each fed a parsed object. They keep the member names' order between
// records. Private to records/; JsonDecoder (records/json_codec.h) is the public face.
#pragma once

#include "records/extra_members.h"
#include "records/member_reader.h"

namespace riffle::records {

class EventDecoder {
 public:
  bool decode(simdjson::dom::object object, MemberReader& reader, ExtraMembers& extras,
              Event& event);

 private:
  bool read_items(MemberReader& reader, element value, Event& event);
  bool check(MemberReader& reader, std::uint64_t seen, const Event& event) const;

  enum Member : std::size_t {
    kEvent,
    kType,
    kEventId,
    kTimestamp,
    kUserId,
    kSessionId,
    kItemId,
    kValue,
    kRecommendationId,
    kPosition,
    kSurface,
    kItems,
    kFields,
    kMembers
  };
  MemberNames<kMembers> names_{std::array<std::string_view, kMembers>{
      "event", "type", "event_id", "timestamp", "user_id", "session_id", "item_id", "value",
      "recommendation_id", "position", "surface", "items", "fields"}};
};

class RequestDecoder {
 public:
  bool decode(simdjson::dom::object object, MemberReader& reader, ExtraMembers& extras,
              Request& request);

 private:
  bool read_member(MemberReader& reader, std::size_t index, element value, Request& request);
  bool read_candidates(MemberReader& reader, element value, Request& request);
  bool read_excluded(MemberReader& reader, element value, Request& request);

  enum Member : std::size_t {
    kEvent,
    kRequestId,
    kUserId,
    kSessionId,
    kSurface,
    kN,
    kDiversity,
    kExplore,
    kCandidates,
    kExcludeItems,
    kDeadlineMs,
    kTimestamp,
    kLanguage,
    kContext,
    kMembers
  };
  MemberNames<kMembers> names_{std::array<std::string_view, kMembers>{
      "event", "request_id", "user_id", "session_id", "surface", "n", "diversity", "explore",
      "candidates", "exclude_items", "deadline_ms", "timestamp", "language", "context"}};
};

class ItemDecoder {
 public:
  bool decode(simdjson::dom::object object, MemberReader& reader, ExtraMembers& extras, Item& item);

 private:
  bool read_member(MemberReader& reader, std::size_t index, element value, Item& item);
  bool read_text(MemberReader& reader, element value, Item& item);
  bool read_names(MemberReader& reader, std::string_view member, element value,
                  std::vector<std::string>& out);
  bool read_vectors(MemberReader& reader, element value, Item& item);
  bool read_vector(MemberReader& reader, std::ptrdiff_t index, simdjson::dom::object object,
                   ItemVector& out);

  enum Member : std::size_t {
    kItemId,
    kTitle,
    kText,
    kCategory,
    kBrand,
    kSeller,
    kPrice,
    kStock,
    kPublishedAt,
    kTags,
    kImage,
    kVectors,
    kFields,
    kMembers
  };
  MemberNames<kMembers> names_{std::array<std::string_view, kMembers>{
      "item_id", "title", "text", "category", "brand", "seller", "price", "stock", "published_at",
      "tags", "image", "vectors", "fields"}};
};

}  // namespace riffle::records
