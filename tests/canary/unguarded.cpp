// Writes a guarded member without its lock; clang's thread-safety analysis must refuse to compile
// it.
#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

class Counter {
 public:
  void add() { ++count_; }

 private:
  absl::Mutex mutex_;
  int count_ ABSL_GUARDED_BY(mutex_) = 0;
};

int main() {
  Counter counter;
  counter.add();
}
