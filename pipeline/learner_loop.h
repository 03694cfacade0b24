// A learner's thread: reads its topic of all shards from where the newest version of what it learns stopped, learns, and
// writes new versions to `policy`. It never holds up a shard: shards adopt what the topic has. The learner of the policies and that
// of the encoder have one each, so that a step of the one, which takes milliseconds, does not delay the other's versions.
//
// One of a group's workers learns: the one that owns shard 0 (the group elects, nothing more). A worker begins when it is
// given the shard and ends before it gives it back; the next owner boots from what `policy` has.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "bus/bus.h"
#include "pipeline/stream_learner.h"

namespace riffle::pipeline {

class LearnerLoop {
 public:
  struct Options {
    std::string name = "learner";          // in logs, and in its metrics: riffle_<name>_running
    std::string policy_topic;
    std::size_t records_a_poll = 2000;     // learned before versions are thought of
    std::function<bool()> ready;           // it begins once this is true; none: at once. On its thread
  };
  // A learner as it is before anything was learned.
  using Make = std::function<absl::StatusOr<std::unique_ptr<StreamLearner>>()>;

  // What no learner can be made of is an error here. Nothing runs yet. `bus` and `clock` outlive it, as do what `make` uses.
  static absl::StatusOr<std::unique_ptr<LearnerLoop>> create(bus::Bus& bus, Options options, Make make, const Clock& clock,
                                                             Metrics& metrics);
  // As end(true), and waits for it.
  ~LearnerLoop();

  // Starts to learn; what is read from the bus first is read on the learner's thread. Nothing where it already learns, or
  // where every policy is the same for ever. Calls of begin() and the destructor do not overlap.
  void begin();
  // Ends, and then calls `ended` on the learner's thread; at once where nothing runs. Any thread; waits for nothing.
  // `publish`: what was learned since the last version is published first, as far as the bus takes it within two seconds.
  void end(bool publish, std::function<void()> ended);

  absl::Status status() const;   // why it has stopped by itself, if it has

 private:
  LearnerLoop(bus::Bus& bus, Options options, Make make, const Clock& clock, Metrics& metrics);
  void run();
  bool await(absl::Duration pause);        // true: it is to end
  absl::Status boot();
  absl::Status read_policies(learner::PolicyLog& log);
  absl::Status assign();
  absl::Status learn_until_ended();
  void learn(const bus::Record& record);
  absl::Status go_on_where_the_log_begins(const bus::PartitionError& lost);
  void pace();
  absl::Status publish(bool at_once);

  bus::Bus& bus_;
  const Options options_;
  const Make make_;
  const Clock& clock_;
  Counter& lost_;
  Gauge &lag_seconds_, &running_;

  // The learner's thread only.
  std::unique_ptr<StreamLearner> learner_;
  bus::Source* reading_ = nullptr;           // source_, which others wake
  std::unique_ptr<bus::Sink> sink_;
  std::int32_t partitions_ = 0;
  std::uint64_t last_ticket_ = 0;            // of the sink
  std::map<Partition, Offset> lost_until_;   // shards whose records were lost to retention: where they go on
  std::map<Partition, Offset> next_;         // to be read
  TimePoint paced_ = kNoTime;

  std::atomic<bool> ending_{false};          // set under the mutex
  std::atomic<bool> last_version_{true};
  mutable absl::Mutex mutex_;
  std::unique_ptr<bus::Source> source_ ABSL_GUARDED_BY(mutex_);
  bool learning_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::function<void()>> ended_ ABSL_GUARDED_BY(mutex_);
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace riffle::pipeline
