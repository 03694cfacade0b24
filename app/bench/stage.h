// Where a run takes place: a namespace of topics that is its own, the workload's records on them, and a worker with a state
// directory of its own. We are the only producer, so a record's offset is known by counting.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "app/bench/worker_process.h"
#include "app/bench/workload.h"
#include "app/configuration.h"
#include "bus/bus.h"
#include "bus/topics.h"
#include "config/config.h"

namespace riffle::app::bench {

struct StageSetup {
  const config::Config* config = nullptr;            // of the bus, and of the topics' number of partitions
  const ConfigurationChoice* choice = nullptr;       // handed on to the worker, which gets its own names over it
  bus::Bus* bus = nullptr;                           // these three outlive the stage
  WorkloadOptions workload;
  std::size_t events = 0;                            // that will be published: event time then ends about now
  std::filesystem::path directory;                   // made for this stage, removed with it
  std::string prefix;                                // of its topics: new on this bus
  std::ostream* err = nullptr;
  std::function<bool()> stop;                        // true: give up, with Cancelled
};

// Views into `record`.
bus::OutRecord out_record(const std::string& topic, const KeyedRecord& record);

class Stage {
 public:
  static constexpr Milliseconds kPatience{std::chrono::minutes(5)};  // for anything that a run waits for, or for progress

  // Makes the topics. Nothing runs yet.
  static absl::StatusOr<std::unique_ptr<Stage>> open(StageSetup setup);
  ~Stage();

  absl::Status publish_catalogue();
  absl::Status publish_events(std::size_t count);
  // `count` requests with the ids <first>, <first> + 1, …, as r17.
  absl::Status publish_requests(std::uint64_t first, std::size_t count);
  // The offset that the next event of this key gets: call it for each one that is sent, in their order.
  Offset count_event(const std::string& key);

  absl::Status start_worker();                       // and waits until it is ready
  absl::Status stop_worker();
  WorkerProcess& worker() { return *worker_; }
  double start_seconds() const { return start_seconds_; }

  // How far the worker's group has committed an input, and how much is written to a topic: sums over the partitions.
  absl::StatusOr<std::uint64_t> committed_events();
  absl::StatusOr<std::uint64_t> committed_requests();
  absl::StatusOr<std::uint64_t> lists_written();
  absl::StatusOr<double> metric(const std::string& name);

  // Looks every `pause` until it is so. DeadlineExceeded, naming `what`; Cancelled; the worker's end; an error of `done`.
  absl::Status await(const std::string& what, Milliseconds pause, const std::function<absl::StatusOr<bool>()>& done);
  // Likewise, until it counts so many; it takes as long as it takes while the count grows.
  absl::Status await_count(const std::string& what, Milliseconds pause, std::uint64_t wanted,
                           const std::function<absl::StatusOr<std::uint64_t>()>& count);

  absl::Status not_stopped() const;                  // Cancelled where it is to stop

  Workload& workload() { return workload_; }
  std::ostream& err() { return *setup_.err; }        // for progress
  bus::Bus& bus() { return *setup_.bus; }
  const bus::TopicNames& topics() const { return topics_; }
  const config::Config& config() const { return *setup_.config; }
  std::int32_t partitions() const { return setup_.config->topics.partitions; }
  std::uint64_t state_bytes() const;

 private:
  explicit Stage(StageSetup setup);
  // Sends count records and waits until the bus has them.
  absl::Status publish(const std::string& topic, std::size_t count,
                       const std::function<KeyedRecord(std::size_t)>& record);
  absl::StatusOr<std::uint64_t> committed(bus::Source& group, const std::string& topic);
  std::vector<std::string> worker_arguments() const;

  const StageSetup setup_;
  const bus::TopicNames topics_;
  const std::string group_;
  Workload workload_;
  std::vector<std::int64_t> events_sent_;            // by partition
  std::unique_ptr<bus::Source> events_group_, requests_group_;
  std::unique_ptr<WorkerProcess> worker_;
  double start_seconds_ = 0;
};

}  // namespace riffle::app::bench
