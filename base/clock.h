// Where the wall clock comes from. Nothing that applies records reads one: the pipeline passes times in.
#pragma once

#include <atomic>

#include "base/time.h"

namespace riffle {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;  // any thread
};

class SystemClock final : public Clock {
 public:
  TimePoint now() const override {
    return std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now());
  }
};

// Stands still until moved: simulations and tests.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(TimePoint start) : now_ms_(to_ms(start)) {}
  TimePoint now() const override { return from_ms(now_ms_.load(std::memory_order_relaxed)); }
  void set(TimePoint t) { now_ms_.store(to_ms(t), std::memory_order_relaxed); }
  void advance(Milliseconds by) { now_ms_.fetch_add(by.count(), std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> now_ms_;
};

}  // namespace riffle
