#include "bus/segment.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/errors.h"
#include "base/log.h"
#include "bus/segment_format.h"

namespace riffle::bus {
namespace {

// A mark every 16 KiB: 4,096 marks (64 KiB) for a full segment of 64 MiB, and a seek steps over about 60 frames.
constexpr std::size_t kMarkBytes = 16 << 10;

absl::StatusOr<std::size_t> file_size(const FileDescriptor& file, const std::string& path) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return file_error("stat", path, errno);
  return static_cast<std::size_t>(status.st_size);
}

}  // namespace

Segment::~Segment() {
  if (data_ != nullptr) ::munmap(data_, capacity_);
}

absl::Status Segment::map() {
  void* at = path_.empty()
                 ? ::mmap(nullptr, capacity_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
                 : ::mmap(nullptr, capacity_, PROT_READ, MAP_SHARED, file_.get(), 0);
  if (at == MAP_FAILED) return file_error("map", path_.empty() ? "memory" : path_, errno);
  data_ = static_cast<char*>(at);
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<Segment>> Segment::create(const std::string& path, Offset base, std::size_t capacity) {
  std::shared_ptr<Segment> segment(new Segment(path, base, capacity));
  const std::string header = encode_segment_header(base);
  if (path.empty()) {
    RIFFLE_RETURN_IF_ERROR(segment->map());
    std::memcpy(segment->data_, header.data(), header.size());
    return segment;
  }
  segment->file_ = FileDescriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!segment->file_.valid()) return file_error("create", path, errno);
  RIFFLE_RETURN_IF_ERROR(write_at(segment->file_, path, header, 0));
  RIFFLE_RETURN_IF_ERROR(segment->sync());
  RIFFLE_RETURN_IF_ERROR(sync_directory(std::filesystem::path(path).parent_path().string()));
  RIFFLE_RETURN_IF_ERROR(segment->map());
  return segment;
}

absl::StatusOr<std::shared_ptr<Segment>> Segment::open_sealed(const std::string& path) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return file_error("open", path, errno);
  RIFFLE_ASSIGN_OR_RETURN(const std::size_t size, file_size(file, path));
  char header[kSegmentHeaderBytes];
  const ssize_t n = ::pread(file.get(), header, sizeof header, 0);
  if (n < 0) return file_error("read", path, errno);
  const auto base = decode_segment_header({header, static_cast<std::size_t>(n)});
  if (!base.ok()) return annotate(base.status(), path);
  std::shared_ptr<Segment> segment(new Segment(path, *base, size));
  segment->file_ = std::move(file);
  RIFFLE_RETURN_IF_ERROR(segment->map());
  segment->file_.reset();  // the mapping stays; a long history does not use up the file descriptors
  segment->written_ = size;
  segment->synced_ = size;
  absl::MutexLock lock(&segment->mutex_);
  segment->scanned_ = false;
  return segment;
}

absl::StatusOr<std::shared_ptr<Segment>> Segment::open_last(const std::string& path, std::size_t capacity) {
  FileDescriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!file.valid()) return file_error("open", path, errno);
  RIFFLE_ASSIGN_OR_RETURN(const std::size_t size, file_size(file, path));
  char header[kSegmentHeaderBytes];
  const ssize_t n = ::pread(file.get(), header, sizeof header, 0);
  if (n < 0) return file_error("read", path, errno);
  const auto base = decode_segment_header({header, static_cast<std::size_t>(n)});
  if (!base.ok()) {
    // The header is synced before the first frame is written, so a file without one never held a record.
    if (size <= kSegmentHeaderBytes && base.status().code() == absl::StatusCode::kDataLoss)
      return absl::NotFoundError(absl::StrCat(path, " was never finished"));
    return annotate(base.status(), path);
  }
  std::shared_ptr<Segment> segment(new Segment(path, *base, std::max(capacity, size)));
  segment->file_ = std::move(file);
  RIFFLE_RETURN_IF_ERROR(segment->map());
  absl::MutexLock lock(&segment->mutex_);
  const std::size_t end = scan({segment->data_, size}, segment->extent_);
  if (end < size) {
    log::warn("{}: the tail is torn (a crash while writing): cut from {} to {} bytes, next offset {}", path, size, end,
              segment->extent_.next_offset.value());
    if (::ftruncate(segment->file_.get(), static_cast<off_t>(end)) != 0) return file_error("truncate", path, errno);
  }
  segment->written_ = end;
  // What a killed process wrote and did not sync is sound but not yet durable, and is about to become visible.
  RIFFLE_RETURN_IF_ERROR(segment->sync());
  return segment;
}

void Segment::note(Extent& extent, std::string_view frame_start) {
  const FrameHead head = *read_frame_head(frame_start);
  if (extent.marks.empty() || extent.end - extent.marks.back().position >= kMarkBytes)
    extent.marks.push_back({head.offset, extent.end});
  extent.end += head.bytes;
  extent.next_offset = next(head.offset);
  extent.newest = std::max(extent.newest, head.timestamp);
}

std::size_t Segment::scan(std::string_view file, Extent& extent) {
  while (extent.end < file.size()) {
    const std::string_view rest = file.substr(extent.end);
    if (!frame_is_sound(rest) || read_frame_head(rest)->offset < extent.next_offset) break;
    note(extent, rest);
  }
  return extent.end;
}

absl::Status Segment::scan_once() const {
  if (scanned_) return damage_;
  scanned_ = true;
  const std::size_t end = scan({data_, written_}, extent_);
  if (end < written_)
    damage_ = fatal_error(
        absl::StatusCode::kDataLoss,
        absl::StrCat(path_, ": damaged at byte ", end, " of ", written_, ": the record at offset ",
                     extent_.next_offset.value(),
                     " or what follows it is not what was written; restore the file from a copy, or assign a later offset"));
  return damage_;
}

absl::Status Segment::append(std::string_view frames) {
  RIFFLE_CHECK(fits(frames.size()), path_, written_, frames.size(), capacity_);
  if (path_.empty()) {
    std::memcpy(data_ + written_, frames.data(), frames.size());
  } else {
    RIFFLE_RETURN_IF_ERROR(write_at(file_, path_, frames, written_));
  }
  written_ += frames.size();
  return absl::OkStatus();
}

absl::Status Segment::sync() {
  if (path_.empty() || !file_.valid()) return absl::OkStatus();
  if (::fdatasync(file_.get()) != 0) return file_error("sync", path_, errno);
  synced_.store(written_, std::memory_order_relaxed);
  return absl::OkStatus();
}

void Segment::abandon() {
  absl::MutexLock lock(&mutex_);
  written_ = extent_.end;
  if (synced_ > written_) synced_ = written_;
  // The same frames may go to the next segment now (this one grew too old meanwhile). Where the disk refuses this as
  // well, the frames overlap, which readers bear.
  if (file_.valid() && ::ftruncate(file_.get(), static_cast<off_t>(written_)) != 0)
    log::warn("{}", std::string(file_error("truncate", path_, errno).message()));
}

void Segment::publish() {
  absl::MutexLock lock(&mutex_);
  while (extent_.end < written_) note(extent_, {data_ + extent_.end, written_ - extent_.end});
}

absl::Status Segment::rename(const std::string& path) {
  if (!path_.empty()) {
    if (::rename(path_.c_str(), path.c_str()) != 0) return file_error("rename", path_, errno);
    RIFFLE_RETURN_IF_ERROR(sync_directory(std::filesystem::path(path).parent_path().string()));
    path_ = path;
    file_.reset();
  }
  return absl::OkStatus();
}

absl::StatusOr<Segment::Place> Segment::locate(Offset offset) const {
  absl::MutexLock lock(&mutex_);
  const absl::Status status = scan_once();
  // Up to the damage the records are as they were written.
  if (!status.ok() && offset >= extent_.next_offset) return status;
  const auto after = std::upper_bound(extent_.marks.begin(), extent_.marks.end(), offset,
                                      [](Offset o, const Mark& mark) { return o < mark.offset; });
  return Place{after == extent_.marks.begin() ? kHeaderBytes : std::prev(after)->position, extent_.end};
}

std::size_t Segment::visible_bytes() const {
  absl::MutexLock lock(&mutex_);
  return scanned_ ? extent_.end : written_;
}

absl::StatusOr<Offset> Segment::next_offset() const {
  absl::MutexLock lock(&mutex_);
  RIFFLE_RETURN_IF_ERROR(scan_once());
  return extent_.next_offset;
}

absl::StatusOr<TimePoint> Segment::newest() const {
  absl::MutexLock lock(&mutex_);
  RIFFLE_RETURN_IF_ERROR(scan_once());
  return extent_.newest;
}

}  // namespace riffle::bus
