// A bus thread: polls one source and hands what it reads on. All calls to the source happen on its thread; others post
// what they want done there.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "bus/bus.h"

namespace riffle::pipeline {

class Pump {
 public:
  // `on_batch` and `on_failure` run on the pump's thread. A failure of poll ends the pump.
  Pump(std::string name, std::unique_ptr<bus::Source> source, std::function<void(bus::Batch)> on_batch,
       std::function<void(absl::Status)> on_failure);
  ~Pump();

  void start();
  // Runs `work` on the pump's thread, soon; what was posted before stop() is still done. Dropped once the pump has stopped.
  void post(std::function<void(bus::Source&)> work);
  // Returns when the thread has ended.
  void stop();
  bool connected() const { return source_->connected(); }
  absl::Status trouble() const { return source_->trouble(); }

 private:
  void run();
  void do_posted();

  const std::string name_;
  std::unique_ptr<bus::Source> source_;
  std::function<void(bus::Batch)> on_batch_;
  std::function<void(absl::Status)> on_failure_;
  absl::Mutex mutex_;
  std::vector<std::function<void(bus::Source&)>> work_ ABSL_GUARDED_BY(mutex_);
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace riffle::pipeline
