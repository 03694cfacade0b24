// Two threads add to one int under an absl::Mutex, and read it as base/published.h does;
// ThreadSanitizer must be silent.
#include <cstdio>
#include <memory>
#include <thread>

#include "absl/synchronization/mutex.h"
#include "base/published.h"

int main() {
  absl::Mutex mutex;
  int count = 0;
  riffle::Published<int> published;
  const auto add = [&] {
    for (int i = 0; i < 1000; ++i) {
      absl::MutexLock lock(&mutex);
      published.set(std::make_shared<const int>(++count));
      if (*published.get() != count) {
        std::puts("lost");
      }
    }
  };
  std::thread one(add);
  std::thread two(add);
  {
    const auto done = [](int* reached) { return *reached == 2000; };
    absl::MutexLock lock(&mutex);
    mutex.Await(absl::Condition(+done, &count));
    std::printf("%d\n", count);
  }
  one.join();
  two.join();
}
