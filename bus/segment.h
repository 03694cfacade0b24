// One segment of a partition's log: a file that grows at its end and is read through a shared mapping, or the same in
// anonymous memory (path empty). bus/segment_format.h has the bytes.
//
// One thread writes (append, sync, publish); any thread reads (locate, bytes) what is published. A reader that holds the
// shared pointer may go on reading after the log dropped the segment or replaced its file.
//
//   append(frames)  →  sync()  →  publish()        a record is visible once it is durable
//
// A segment that was opened sealed is checked from end to end by its first reader, not at start: start takes no longer
// with a long history. Damage found then is a DataLoss error that names the file and the byte.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "base/ids.h"
#include "base/time.h"
#include "bus/files.h"

namespace riffle::bus {

class Segment {
 public:
  // A new segment with its header written and synced. `capacity`: bytes it may grow to, header included.
  static absl::StatusOr<std::shared_ptr<Segment>> create(const std::string& path, Offset base, std::size_t capacity);
  // A sealed segment: nothing is appended any more.
  static absl::StatusOr<std::shared_ptr<Segment>> open_sealed(const std::string& path);
  // The last segment of a log: checked now, cut back to its last sound frame (a crash tore its tail), synced, and open
  // for more. NotFound where not even the header was finished: the file never held a record and is to be deleted.
  static absl::StatusOr<std::shared_ptr<Segment>> open_last(const std::string& path, std::size_t capacity);

  ~Segment();
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;

  // The writer's side. append(): whole frames, which must fit. After an error of append() or sync() nothing of it
  // counts: the same frames may be appended again at the same place.
  bool fits(std::size_t bytes) const { return written_ + bytes <= capacity_; }
  bool empty() const { return written_ == kHeaderBytes; }
  absl::Status append(std::string_view frames);
  absl::Status sync();
  void abandon();   // forgets what was appended and not published
  void publish();   // makes what was appended visible
  void seal() { file_.reset(); }  // the writer is done: gives the file descriptor back, the mapping stays
  absl::Status rename(const std::string& path);
  std::size_t written_bytes() const { return written_; }
  std::size_t synced_bytes() const { return synced_.load(std::memory_order_relaxed); }  // any thread

  const std::string& path() const { return path_; }
  Offset base() const { return base_; }

  // What readers may see: frames up to byte `end`; the first frame at or before `offset` begins at `position`.
  struct Place {
    std::size_t position = 0;
    std::size_t end = 0;
  };
  absl::StatusOr<Place> locate(Offset offset) const;
  std::string_view bytes(std::size_t position, std::size_t end) const { return {data_ + position, end - position}; }

  // Of what is published. next_offset and newest scan a sealed segment that nobody has read yet.
  std::size_t visible_bytes() const;
  absl::StatusOr<Offset> next_offset() const;
  absl::StatusOr<TimePoint> newest() const;  // the largest record time; kNoTime where it is empty

 private:
  static constexpr std::size_t kHeaderBytes = 32;

  struct Mark {
    Offset offset;
    std::size_t position;
  };
  struct Extent {  // what is known of the frames up to `end`
    std::size_t end = kHeaderBytes;
    Offset next_offset;
    TimePoint newest = kNoTime;
    std::vector<Mark> marks;  // about one every kMarkBytes
  };

  Segment(std::string path, Offset base, std::size_t capacity) : path_(std::move(path)), base_(base), capacity_(capacity) {
    extent_.next_offset = base;
  }
  absl::Status map();
  static void note(Extent& extent, std::string_view frame_start);
  // Checks frames from the header on; returns the byte of the first one that is not sound, or `size`.
  static std::size_t scan(std::string_view file, Extent& extent);
  absl::Status scan_once() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  std::string path_;
  const Offset base_;
  const std::size_t capacity_;
  FileDescriptor file_;    // invalid in memory and once sealed
  char* data_ = nullptr;   // the mapping: read-only for a file
  std::size_t written_ = kHeaderBytes;  // the writer's end
  std::atomic<std::size_t> synced_{0};  // a power loss leaves at least that much

  mutable absl::Mutex mutex_;
  mutable Extent extent_ ABSL_GUARDED_BY(mutex_);
  mutable bool scanned_ ABSL_GUARDED_BY(mutex_) = true;
  mutable absl::Status damage_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace riffle::bus
