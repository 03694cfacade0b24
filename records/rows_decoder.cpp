#include "absl/strings/str_cat.h"
#include "records/rows.h"
#include "records/wire.h"

namespace riffle::records {
namespace {

// Runs `read(field, type)` for every field; a field that it does not take (false) is skipped.
template <class F>
void read_fields(WireReader& from, F&& read) {
  std::uint32_t field;
  WireType type;
  while (from.next(field, type))
    if (!read(field, type)) from.skip(type);
}

// Takes a scalar of the expected wire type; another type under a known number is a fault.
bool expect(WireReader& from, WireType type, WireType expected) {
  if (type == expected) return true;
  from.fail();
  return false;
}

void read_signed(WireReader& from, WireType type, std::int64_t& out) {
  if (expect(from, type, WireType::kVarint)) out = unzigzag(from.varint());
}

template <class F>
void read_message(WireReader& from, WireType type, F&& read) {
  if (!expect(from, type, WireType::kBytes)) return;
  WireReader inner(from.bytes());
  read_fields(inner, [&](std::uint32_t field, WireType inner_type) {
    return read(inner, field, inner_type);
  });
  if (!inner.ok()) from.fail();
}

void read_counter(WireReader& from, WireType type, DecayedCounter& out) {
  read_message(from, type, [&](WireReader& inner, std::uint32_t field, WireType inner_type) {
    if (field == 1 && expect(inner, inner_type, WireType::kFixed64))
      return out.value = inner.raw<double>(), true;
    if (field == 2) return read_signed(inner, inner_type, out.time_ms), true;
    return false;
  });
}

// Packed, as protobuf writes repeated numbers.
template <class F>
void read_packed(WireReader& from, WireType type, F&& read_one) {
  if (!expect(from, type, WireType::kBytes)) return;
  WireReader inner(from.bytes());
  while (inner.ok() && inner.left() > 0) read_one(inner);
  if (!inner.ok()) from.fail();
}

void read_counts(WireReader& from, WireType type, TypeCounts& out) {
  std::size_t i = 0;
  read_packed(from, type, [&](WireReader& inner) {
    if (i == out.size()) return inner.fail();
    out[i++] = inner.varint();
  });
}

bool read_type(WireReader& from, InteractionType& out) {
  const std::uint64_t number = from.varint();
  if (number >= kInteractionTypes) return from.fail(), false;
  out = static_cast<InteractionType>(number);
  return true;
}

// The lists' entries are most of a row: members in their order are read without asking what comes
// next. What is in another order, or new, is left to the second loop.
void read_history(WireReader& from, WireType wire_type, HistoryEntry& out) {
  if (!expect(from, wire_type, WireType::kBytes)) return;
  WireReader inner(from.bytes());
  if (inner.take(1, WireType::kFixed64)) out.item = ItemKey(inner.raw<std::uint64_t>());
  if (inner.take(2, WireType::kVarint)) out.time_ms = unzigzag(inner.varint());
  if (inner.take(3, WireType::kVarint)) read_type(inner, out.type);
  if (inner.take(4, WireType::kFixed32)) out.weight = inner.raw<float>();
  if (inner.take(5, WireType::kFixed32)) out.value = inner.raw<float>();
  read_fields(inner, [&](std::uint32_t field, WireType type) {
    switch (field) {
      case 1:
        if (expect(inner, type, WireType::kFixed64)) out.item = ItemKey(inner.raw<std::uint64_t>());
        return true;
      case 2:
        read_signed(inner, type, out.time_ms);
        return true;
      case 3:
        if (expect(inner, type, WireType::kVarint)) read_type(inner, out.type);
        return true;
      case 4:
        if (expect(inner, type, WireType::kFixed32)) out.weight = inner.raw<float>();
        return true;
      case 5:
        if (expect(inner, type, WireType::kFixed32)) out.value = inner.raw<float>();
        return true;
      default:
        return false;
    }
  });
  if (!inner.ok()) from.fail();
}

void read_neighbour(WireReader& from, WireType wire_type, Neighbour& out) {
  if (!expect(from, wire_type, WireType::kBytes)) return;
  WireReader inner(from.bytes());
  if (inner.take(1, WireType::kFixed64)) out.item = ItemKey(inner.raw<std::uint64_t>());
  if (inner.take(2, WireType::kFixed32)) out.weight = inner.raw<float>();
  read_fields(inner, [&](std::uint32_t field, WireType type) {
    if (field == 1 && expect(inner, type, WireType::kFixed64))
      return out.item = ItemKey(inner.raw<std::uint64_t>()), true;
    if (field == 2 && expect(inner, type, WireType::kFixed32))
      return out.weight = inner.raw<float>(), true;
    return false;
  });
  if (!inner.ok()) from.fail();
}

absl::Status corrupt(std::string_view what, std::size_t bytes) {
  return absl::DataLossError(
      absl::StrCat("a stored ", std::string(what), " row of ", bytes,
                   " bytes is corrupt, or a newer version of Riffle wrote it"));
}

}  // namespace

absl::Status decode(std::string_view bytes, UserRow& row) {
  row.history.clear();
  row.impressions.clear();
  row.seen_events.clear();
  row.session_id.assign({});
  row.counts = {};
  row.activity = {};
  row.first_ms = row.last_ms = row.erased_before_ms = row.session_start_ms = 0;
  row.impression_count = 0;

  std::size_t times = 0;  // of impressions read so far: they come after the items
  WireReader from(bytes);
  read_fields(from, [&](std::uint32_t field, WireType type) {
    switch (field) {
      case 1:
        read_history(from, type, row.history.emplace_back());
        return true;
      case 2:
        read_packed(from, type, [&](WireReader& inner) {
          row.impressions.push_back({ItemKey(inner.raw<std::uint64_t>()), 0});
        });
        return true;
      case 3:
        read_packed(from, type, [&](WireReader& inner) {
          const std::int64_t time_ms = unzigzag(inner.varint());
          if (times == row.impressions.size()) return inner.fail();
          row.impressions[times++].time_ms = time_ms;
        });
        return true;
      case 4:
        read_counts(from, type, row.counts);
        return true;
      case 5:
        read_counter(from, type, row.activity);
        return true;
      case 6:
        read_signed(from, type, row.first_ms);
        return true;
      case 7:
        read_signed(from, type, row.last_ms);
        return true;
      case 8:
        read_signed(from, type, row.erased_before_ms);
        return true;
      case 9:
        read_packed(from, type, [&](WireReader& inner) {
          row.seen_events.push_back(inner.raw<std::uint64_t>());
        });
        return true;
      case 10:
        if (expect(from, type, WireType::kBytes)) row.session_id.assign(from.bytes());
        return true;
      case 11:
        read_signed(from, type, row.session_start_ms);
        return true;
      case 12:
        if (expect(from, type, WireType::kVarint)) row.impression_count = from.varint();
        return true;
      default:
        return false;
    }
  });
  if (!from.ok() || times != row.impressions.size()) return corrupt("user", bytes.size());
  return absl::OkStatus();
}

absl::Status decode(std::string_view bytes, ItemRow& row) {
  row.item_id.assign({});
  row.counts = {};
  row.impressions = 0;
  row.popularity = row.trend = row.recent_clicks = row.recent_impressions = row.recent_expected = {};
  row.first_ms = row.last_ms = row.neighbour_reference_ms = 0;
  row.neighbour_total = 0;
  row.together.clear();
  row.next.clear();

  WireReader from(bytes);
  read_fields(from, [&](std::uint32_t field, WireType type) {
    switch (field) {
      case 1:
        if (expect(from, type, WireType::kBytes)) row.item_id.assign(from.bytes());
        return true;
      case 2:
        read_counts(from, type, row.counts);
        return true;
      case 3:
        if (expect(from, type, WireType::kVarint)) row.impressions = from.varint();
        return true;
      case 4:
        read_counter(from, type, row.popularity);
        return true;
      case 5:
        read_counter(from, type, row.trend);
        return true;
      case 6:
        read_signed(from, type, row.first_ms);
        return true;
      case 7:
        read_signed(from, type, row.last_ms);
        return true;
      case 8:
        read_signed(from, type, row.neighbour_reference_ms);
        return true;
      case 9:
        if (expect(from, type, WireType::kFixed64)) row.neighbour_total = from.raw<double>();
        return true;
      case 10:
        read_neighbour(from, type, row.together.emplace_back());
        return true;
      case 11:
        read_neighbour(from, type, row.next.emplace_back());
        return true;
      case 12:
        read_counter(from, type, row.recent_clicks);
        return true;
      case 13:
        read_counter(from, type, row.recent_impressions);
        return true;
      case 14:
        read_counter(from, type, row.recent_expected);
        return true;
      default:
        return false;
    }
  });
  if (!from.ok()) return corrupt("item", bytes.size());
  return absl::OkStatus();
}

}  // namespace riffle::records
