// One writer puts immutable values in, any thread takes the newest out. A mutex-guarded cell: g++ 12's
// atomic<shared_ptr> trips ThreadSanitizer inside libstdc++, and a reader takes it once a micro-batch.
#pragma once

#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace riffle {

template <class T>
class Published {
 public:
  Published() : value_(std::make_shared<const T>()) {}
  explicit Published(std::shared_ptr<const T> value) : value_(std::move(value)) {}

  // Never null. The value stays alive and unchanged as long as the reader holds it.
  std::shared_ptr<const T> get() const {
    absl::ReaderMutexLock lock(&mutex_);
    return value_;
  }

  void set(std::shared_ptr<const T> value) {
    {
      absl::MutexLock lock(&mutex_);
      value_.swap(value);
    }  // the old value dies outside of the lock
  }

 private:
  mutable absl::Mutex mutex_;
  std::shared_ptr<const T> value_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace riffle
