// Where one reader waits for any of its partitions: a flag that stays up until the reader takes it, so that nothing said
// between looking and waiting is lost.
//
//   for (;;) { waiter.clear(); if (look()) return; if (!waiter.wait(until)) return; }
#pragma once

#include <chrono>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace riffle::bus {

class Waiter {
 public:
  void signal() {  // any thread
    absl::MutexLock lock(&mutex_);
    signalled_ = true;
    changed_.Signal();
  }

  void clear() {
    absl::MutexLock lock(&mutex_);
    signalled_ = false;
  }

  // True where it was signalled since clear(), false where the time passed first.
  bool wait(std::chrono::steady_clock::time_point until) {
    absl::MutexLock lock(&mutex_);
    while (!signalled_) {
      const auto left = until - std::chrono::steady_clock::now();
      if (left <= left.zero()) return false;
      changed_.WaitWithTimeout(&mutex_, absl::FromChrono(left));
    }
    return true;
  }

 private:
  absl::Mutex mutex_;
  absl::CondVar changed_;
  bool signalled_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace riffle::bus
