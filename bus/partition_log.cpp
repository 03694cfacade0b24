#include "bus/partition_log.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/errors.h"
#include "base/log.h"
#include "bus/log_cleaner.h"
#include "bus/segment_format.h"

namespace riffle::bus {
namespace {

constexpr std::string_view kSuffix = ".segment";

bool ends_with(const std::string& name, std::string_view suffix) {
  return name.size() > suffix.size() && std::string_view(name).substr(name.size() - suffix.size()) == suffix;
}

}  // namespace

absl::StatusOr<std::unique_ptr<PartitionLog>> PartitionLog::open(TopicPartition where, LogSettings settings, TimePoint now) {
  std::unique_ptr<PartitionLog> log(new PartitionLog(std::move(where), std::move(settings)));
  if (!log->settings_.directory.empty()) {
    RIFFLE_RETURN_IF_ERROR(make_directories(log->settings_.directory));
    RIFFLE_RETURN_IF_ERROR(log->open_segments());
  }
  log->segment_began_ = now;
  if (log->segments()->empty()) {
    RIFFLE_RETURN_IF_ERROR(log->begin_segment(Offset(0), 0));
    return log;
  }
  RIFFLE_ASSIGN_OR_RETURN(log->written_next_, log->segments()->back()->next_offset());
  absl::MutexLock lock(&log->mutex_);
  log->high_ = log->written_next_;
  return log;
}

std::string PartitionLog::segment_path(Offset base) const {
  if (settings_.directory.empty()) return "";
  char name[32];
  std::snprintf(name, sizeof name, "%020lld", static_cast<long long>(base.value()));
  return absl::StrCat(settings_.directory, "/", name, ".segment");
}

absl::Status PartitionLog::open_segments() {
  RIFFLE_ASSIGN_OR_RETURN(const std::vector<std::string> names, list_directory(settings_.directory));
  std::vector<std::string> paths;
  for (const std::string& name : names) {
    const std::string path = settings_.directory + "/" + name;
    if (ends_with(name, ".tmp")) {
      if (::unlink(path.c_str()) != 0) return file_error("delete", path, errno);
    } else if (ends_with(name, kSuffix)) {
      paths.push_back(path);
    }
  }
  Segments opened;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const bool last = i + 1 == paths.size();
    auto segment = last ? Segment::open_last(paths[i], settings_.segment_bytes) : Segment::open_sealed(paths[i]);
    if (last && segment.status().code() == absl::StatusCode::kNotFound) {
      // The base offset is in the name and must survive, or offsets would be given twice.
      const Offset base(std::atoll(std::filesystem::path(paths[i]).stem().c_str()));
      log::warn("{}: a crash left it unfinished and without records: made again", paths[i]);
      segment = Segment::create(paths[i], base, settings_.segment_bytes);
    }
    if (!segment.ok()) return segment.status();
    if (segment_path((*segment)->base()) != paths[i])
      return fatal_error(absl::StatusCode::kDataLoss,
                         absl::StrCat(paths[i], ": its header says base offset ", (*segment)->base().value(),
                                      "; the file was renamed or replaced"));
    opened.push_back(*std::move(segment));
  }
  absl::MutexLock lock(&mutex_);
  replace_segments(std::move(opened));
  return absl::OkStatus();
}

absl::Status PartitionLog::begin_segment(Offset base, std::size_t at_least) {
  const std::size_t capacity = std::max(settings_.segment_bytes, kSegmentHeaderBytes + at_least);
  RIFFLE_ASSIGN_OR_RETURN(auto segment, Segment::create(segment_path(base), base, capacity));
  absl::MutexLock lock(&mutex_);
  Segments grown = *segments_;
  grown.push_back(std::move(segment));
  replace_segments(std::move(grown));
  return absl::OkStatus();
}

std::shared_ptr<const PartitionLog::Segments> PartitionLog::segments() const {
  absl::MutexLock lock(&mutex_);
  return segments_;
}

void PartitionLog::replace_segments(Segments segments) {
  segments_ = std::make_shared<const Segments>(std::move(segments));
}

absl::Status PartitionLog::write(std::string_view frames, TimePoint now) {
  while (!frames.empty()) {
    std::shared_ptr<Segment> last = segments()->back();
    const bool old = settings_.segment_age.count() > 0 && now - segment_began_ >= settings_.segment_age;
    // As many whole frames as the segment takes.
    std::size_t take = 0;
    Offset after = written_next_;
    while (take < frames.size()) {
      const auto head = read_frame_head(frames.substr(take));
      RIFFLE_CHECK(head, where_.topic, where_.partition, take, frames.size());
      if (!last->fits(take + head->bytes) || (old && !last->empty())) break;
      take += head->bytes;
      after = next(head->offset);
    }
    if (take == 0) {
      // What the full segment holds must be durable before a later one exists: only the last may ever be torn.
      RIFFLE_RETURN_IF_ERROR(last->sync());
      RIFFLE_RETURN_IF_ERROR(begin_segment(written_next_, read_frame_head(frames)->bytes));
      segment_began_ = now;
      sealed_ = true;
      continue;
    }
    RIFFLE_RETURN_IF_ERROR(last->append(frames.substr(0, take)));
    if (unsynced_.empty() || unsynced_.back() != last) unsynced_.push_back(std::move(last));
    written_next_ = after;
    frames.remove_prefix(take);
  }
  return absl::OkStatus();
}

absl::Status PartitionLog::sync() {
  if (!settings_.fsync) return absl::OkStatus();
  for (const auto& segment : unsynced_) RIFFLE_RETURN_IF_ERROR(segment->sync());
  return absl::OkStatus();
}

void PartitionLog::abandon() {
  for (const auto& segment : unsynced_) segment->abandon();
  unsynced_.clear();
  absl::MutexLock lock(&mutex_);
  written_next_ = high_;
  // Segments begun for what is abandoned: their bases lie beyond what will be written next.
  Segments kept = *segments_;
  while (kept.size() > 1 && kept.back()->base() > high_) {
    if (!kept.back()->path().empty()) ::unlink(kept.back()->path().c_str());
    kept.pop_back();
  }
  if (kept.size() < segments_->size()) replace_segments(std::move(kept));
}

void PartitionLog::publish() {
  for (const auto& segment : unsynced_) segment->publish();
  std::vector<std::shared_ptr<Waiter>> awake;
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& segment : unsynced_)
      if (segment != segments_->back()) segment->seal();
    high_ = written_next_;
    for (const auto& waiter : waiters_)
      if (auto alive = waiter.lock()) awake.push_back(std::move(alive));
  }
  unsynced_.clear();
  for (const auto& waiter : awake) waiter->signal();
}

bool PartitionLog::take_sealed() { return std::exchange(sealed_, false); }

Watermarks PartitionLog::watermarks() const {
  absl::MutexLock lock(&mutex_);
  return {segments_->front()->base(), high_};
}

absl::StatusOr<PartitionLog::ReadResult> PartitionLog::read(Offset from, std::size_t max_records,
                                                            std::vector<Record>& records,
                                                            std::vector<std::shared_ptr<const void>>& memory) const {
  std::shared_ptr<const Segments> held;
  Watermarks log;
  {
    absl::MutexLock lock(&mutex_);  // both at once: every record below `high` is in `held`
    held = segments_;
    log = {held->front()->base(), high_};
  }
  const Segments& segments = *held;
  if (from < log.low || from > log.high)
    return fatal_error(absl::StatusCode::kOutOfRange,
                       absl::StrCat(where_.topic, "/", where_.partition.value(), ": offset ", from.value(),
                                    " is not in the log, which has ", log.low.value(), " to ",
                                    log.high.value(), "; the records were removed, or the topic was made anew"));
  const std::size_t began = records.size();
  std::size_t left = max_records;
  auto at = std::prev(std::upper_bound(segments.begin(), segments.end(), from,
                                       [](Offset o, const auto& segment) { return o < segment->base(); }));
  while (left > 0 && from < log.high) {
    const auto place = (*at)->locate(from);
    if (!place.ok() && records.size() > began) break;  // the next read says it
    if (!place.ok()) return place.status();
    std::size_t position = place->position;
    std::size_t taken = 0;
    while (position < place->end && left > 0) {
      const std::string_view bytes = (*at)->bytes(position, place->end);
      const FrameHead head = *read_frame_head(bytes);
      position += head.bytes;
      if (head.offset < from) continue;
      if (head.offset >= log.high) break;  // published after the high watermark was read
      Record& record = records.emplace_back();
      record.topic = where_.topic;
      record.partition = where_.partition;
      decode_frame(bytes, record);
      from = next(head.offset);
      --left;
      ++taken;
    }
    if (taken > 0) {
      memory.push_back(*at);
    } else if (std::next(at) != segments.end()) {
      ++at;
      from = std::max(from, (*at)->base());
    } else {
      from = log.high;
    }
  }
  return ReadResult{from, from >= log.high};
}

void PartitionLog::add_waiter(const std::shared_ptr<Waiter>& waiter) {
  absl::MutexLock lock(&mutex_);
  waiters_.push_back(waiter);
}

void PartitionLog::remove_waiter(const Waiter* waiter) {
  absl::MutexLock lock(&mutex_);
  std::erase_if(waiters_, [&](const std::weak_ptr<Waiter>& w) {
    const auto alive = w.lock();
    return !alive || alive.get() == waiter;
  });
}

absl::Status PartitionLog::clean(TimePoint now) {
  Segments sealed;
  Offset until;
  {
    // Sealed for good: the segment after it holds visible records' place, so no failed write takes it back.
    absl::MutexLock lock(&mutex_);
    for (std::size_t i = 0; i + 1 < segments_->size() && (*segments_)[i + 1]->base() <= high_; ++i) {
      sealed.push_back((*segments_)[i]);
      until = (*segments_)[i + 1]->base();
    }
  }
  Segments cleaned = sealed;
  if (settings_.cleanup == Cleanup::kDelete) {
    RIFFLE_ASSIGN_OR_RETURN(cleaned, apply_retention(sealed, settings_, now));
  } else if (compaction_is_due(sealed, cleaned_until_)) {
    RIFFLE_ASSIGN_OR_RETURN(cleaned, compact(sealed, settings_, now));
    cleaned_until_ = until;
  }
  if (cleaned == sealed) return absl::OkStatus();
  {
    absl::MutexLock lock(&mutex_);
    Segments after = cleaned;
    after.insert(after.end(), segments_->begin() + static_cast<std::ptrdiff_t>(sealed.size()), segments_->end());
    replace_segments(std::move(after));
  }
  if (settings_.directory.empty()) return absl::OkStatus();
  // Only now that no new reader can find them; the oldest first, so that a crash leaves no hole.
  for (const auto& segment : sealed) {
    const bool kept = std::any_of(cleaned.begin(), cleaned.end(), [&](const auto& c) { return c->path() == segment->path(); });
    if (!kept && ::unlink(segment->path().c_str()) != 0 && errno != ENOENT)
      return file_error("delete", segment->path(), errno);
  }
  return sync_directory(settings_.directory);
}

std::vector<std::pair<std::string, std::size_t>> PartitionLog::durable_bytes() const {
  std::vector<std::pair<std::string, std::size_t>> files;
  for (const auto& segment : *segments()) files.emplace_back(segment->path(), settings_.fsync ? segment->synced_bytes() : segment->visible_bytes());
  return files;
}

}  // namespace riffle::bus
