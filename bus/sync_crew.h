// Runs the same work for many files at once: syncs that wait for the same disk cost little more than one, while one after
// the other they add up (8 files of a two-core machine's ext4: 28 ms one by one, below 1 ms by four threads).
#pragma once

#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace riffle::bus {

class SyncCrew {
 public:
  explicit SyncCrew(int helpers);
  ~SyncCrew();
  SyncCrew(const SyncCrew&) = delete;
  SyncCrew& operator=(const SyncCrew&) = delete;

  // Calls work(0) … work(count - 1), each once, on the helpers' threads (without helpers: on the caller's), and returns when
  // all are done. One run() at a time. The helpers take turns even for a single file: on ext4 of a busy two-core
  // machine a thread that synced again and again waited about 3 ms each time (median), threads that alternated less.
  void run(std::size_t count, const std::function<void(std::size_t)>& work);

 private:
  void help();

  absl::Mutex mutex_;
  absl::CondVar wanted_, done_;
  const std::function<void(std::size_t)>* work_ ABSL_GUARDED_BY(mutex_) = nullptr;
  std::size_t next_ ABSL_GUARDED_BY(mutex_) = 0;
  std::size_t count_ ABSL_GUARDED_BY(mutex_) = 0;
  std::size_t unfinished_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> helpers_;
};

}  // namespace riffle::bus
