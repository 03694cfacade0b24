// Reads topics on a thread of its own from where they end now, and notes when each record came.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "bus/bus.h"

namespace riffle::app::bench {

class Reader {
 public:
  using Steady = std::chrono::steady_clock;
  // On the reader's thread. An error ends the reading; stop() answers it.
  using Take = std::function<absl::Status(const bus::Record&, Steady::time_point)>;

  // Topics with their numbers of partitions. Whatever is written once this has answered is read.
  static absl::StatusOr<std::unique_ptr<Reader>> start(bus::Bus& bus,
                                                       const std::vector<std::pair<std::string, std::int32_t>>& topics,
                                                       Take take);
  ~Reader();

  absl::Status stop();

 private:
  Reader(std::unique_ptr<bus::Source> source, Take take);
  void run();

  const std::unique_ptr<bus::Source> source_;
  const Take take_;
  absl::Status status_;   // the thread's until it has ended
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

// A source at the end of these topics, to be read by the caller.
absl::StatusOr<std::unique_ptr<bus::Source>> source_at_end(bus::Bus& bus,
                                                           const std::vector<std::pair<std::string, std::int32_t>>& topics);

}  // namespace riffle::app::bench
