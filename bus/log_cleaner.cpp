#include "bus/log_cleaner.h"

#include <string_view>
#include <unordered_map>

#include "base/errors.h"
#include "bus/segment_format.h"

namespace riffle::bus {
namespace {

using Segments = std::vector<std::shared_ptr<Segment>>;

// Calls f(record, frame) for each record of the segment.
template <class F>
absl::Status for_each_record(const Segment& segment, F&& f) {
  RIFFLE_ASSIGN_OR_RETURN(const Offset end_offset, segment.next_offset());  // refuses a damaged segment
  (void)end_offset;
  RIFFLE_ASSIGN_OR_RETURN(const Segment::Place place, segment.locate(segment.base()));
  for (std::size_t position = place.position; position < place.end;) {
    const std::string_view frame =
        segment.bytes(position, place.end).substr(0, read_frame_head(segment.bytes(position, place.end))->bytes);
    Record record;
    decode_frame(frame, record);
    f(record, frame);
    position += frame.size();
  }
  return absl::OkStatus();
}

class Compaction {
 public:
  Compaction(const LogSettings& settings, TimePoint now) : settings_(settings), now_(now) {}

  absl::Status learn_keys(const Segments& sealed) {
    for (const auto& segment : sealed)
      RIFFLE_RETURN_IF_ERROR(for_each_record(*segment, [&](const Record& record, std::string_view) {
        if (record.key) newest_[*record.key] = record.offset;  // views into mappings that `sealed` keeps alive
      }));
    return absl::OkStatus();
  }

  // Frames from offset `from` on: a crash in the middle of a merge leaves a segment whose records are also in the merged
  // one before it.
  struct Survivors {
    std::string frames;
    Offset next;
  };
  absl::StatusOr<Survivors> survivors(const Segment& segment, Offset from) const {
    Survivors kept{"", from};
    RIFFLE_RETURN_IF_ERROR(for_each_record(segment, [&](const Record& record, std::string_view frame) {
      if (record.offset < from) return;
      if (survives(record)) kept.frames.append(frame);
      kept.next = next(record.offset);
    }));
    return kept;
  }

 private:
  bool survives(const Record& record) const {
    if (!record.key || newest_.at(*record.key) != record.offset) return false;
    return record.value || now_ - record.timestamp < settings_.tombstone_retention;
  }

  const LogSettings& settings_;
  const TimePoint now_;
  std::unordered_map<std::string_view, Offset> newest_;
};

// Writes one segment in the place of `replaced`, whole or not at all.
absl::StatusOr<std::shared_ptr<Segment>> replace(const Segment& first_replaced, std::string_view frames) {
  const std::string& path = first_replaced.path();
  RIFFLE_ASSIGN_OR_RETURN(auto segment, Segment::create(path.empty() ? "" : path + ".tmp", first_replaced.base(),
                                                        kSegmentHeaderBytes + frames.size()));
  RIFFLE_RETURN_IF_ERROR(segment->append(frames));
  RIFFLE_RETURN_IF_ERROR(segment->sync());
  segment->publish();
  RIFFLE_RETURN_IF_ERROR(segment->rename(path));
  return segment;
}

}  // namespace

absl::StatusOr<Segments> apply_retention(const Segments& sealed, const LogSettings& settings, TimePoint now) {
  std::size_t bytes = 0;
  for (const auto& segment : sealed) bytes += segment->visible_bytes();
  std::size_t drop = 0;
  for (; drop < sealed.size(); ++drop) {
    const bool too_many = settings.retention_bytes && bytes > *settings.retention_bytes;
    bool too_old = false;
    if (!too_many && settings.retention) {
      RIFFLE_ASSIGN_OR_RETURN(const TimePoint newest, sealed[drop]->newest());
      too_old = newest == kNoTime || newest < now - *settings.retention;
    }
    if (!too_many && !too_old) break;
    bytes -= sealed[drop]->visible_bytes();
  }
  return Segments(sealed.begin() + static_cast<std::ptrdiff_t>(drop), sealed.end());
}

bool compaction_is_due(const Segments& sealed, Offset cleaned_until) {
  std::size_t all = 0, dirty = 0;
  for (const auto& segment : sealed) {
    const std::size_t bytes = segment->visible_bytes() - kSegmentHeaderBytes;
    all += bytes;
    if (segment->base() >= cleaned_until) dirty += bytes;
  }
  return dirty > 0 && 2 * dirty >= all;
}

absl::StatusOr<Segments> compact(const Segments& sealed, const LogSettings& settings, TimePoint now) {
  Compaction compaction(settings, now);
  RIFFLE_RETURN_IF_ERROR(compaction.learn_keys(sealed));
  Segments out;
  Offset from(0);
  for (std::size_t i = 0; i < sealed.size();) {
    RIFFLE_ASSIGN_OR_RETURN(Compaction::Survivors kept, compaction.survivors(*sealed[i], from));
    const std::size_t first = i++;
    for (; i < sealed.size(); ++i) {
      RIFFLE_ASSIGN_OR_RETURN(const Compaction::Survivors more, compaction.survivors(*sealed[i], kept.next));
      if (kSegmentHeaderBytes + kept.frames.size() + more.frames.size() > settings.segment_bytes) break;
      kept.frames += more.frames;
      kept.next = more.next;
    }
    from = kept.next;
    if (i == first + 1 && kSegmentHeaderBytes + kept.frames.size() == sealed[first]->visible_bytes()) {
      out.push_back(sealed[first]);  // nothing to drop and nothing to merge with
      continue;
    }
    RIFFLE_ASSIGN_OR_RETURN(auto segment, replace(*sealed[first], kept.frames));
    out.push_back(std::move(segment));
  }
  return out;
}

}  // namespace riffle::bus
