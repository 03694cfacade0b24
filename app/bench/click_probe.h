// How long a click takes until a list reflects it: the click is published and acknowledged, then the user's list is asked
// for, again and again until one says (as_of.events) that the click was applied before it was made. The time is from the
// click's sending to that list's arrival, so it holds two trips through the bus and the application in between.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "app/bench/stage.h"

namespace riffle::app::bench {

class ClickProbe {
 public:
  using Steady = std::chrono::steady_clock;

  // Begins on a thread of its own: at most `a_second` clicks, one at a time, until `end`. Nobody else publishes events or
  // uses the stage's workload meanwhile.
  static absl::StatusOr<std::unique_ptr<ClickProbe>> start(Stage& stage, double a_second, Steady::time_point end);
  ~ClickProbe();

  struct Result {
    std::vector<double> ms;
    std::uint64_t in_first_list = 0;   // clicks that the first list asked for reflected already
  };
  absl::StatusOr<Result> finish();     // waits for the end

 private:
  ClickProbe(Stage& stage, std::unique_ptr<bus::Source> lists, std::unique_ptr<bus::Sink> sink);
  absl::Status run(double a_second, Steady::time_point end);
  absl::Status click(std::uint64_t number);
  absl::StatusOr<bool> ask(const std::string& user, const std::string& request_id, Offset click);

  Stage& stage_;
  const std::unique_ptr<bus::Source> lists_;
  const std::unique_ptr<bus::Sink> sink_;
  Result result_;
  absl::Status status_;                // this and the result are the thread's until it has ended
  std::thread thread_;
};

}  // namespace riffle::app::bench
