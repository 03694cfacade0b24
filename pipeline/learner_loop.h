// The learner's thread: reads `outcomes` of all shards from where the newest version of each policy stopped, learns, and
// writes new versions to `policy`. It never holds up a shard: shards adopt what the topic has.
//
// One of a group's workers learns: the one that owns shard 0 (the group elects, nothing more). A worker begins when it is
// given the shard and ends before it gives it back; the next owner boots from what `policy` has.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "bus/bus.h"
#include "bus/topics.h"
#include "learner/learner.h"
#include "learner/options.h"
#include "records/riffle.pb.h"
#include "serving/options.h"

namespace riffle::pipeline {

class LearnerLoop {
 public:
  struct Options {
    bus::TopicNames topics;
    learner::LearnerOptions learner;
    std::vector<serving::PolicyOptions> policies;
  };

  // Policies and options that no learner can be made of are errors here. Nothing runs yet. `bus` and `clock` outlive it.
  static absl::StatusOr<std::unique_ptr<LearnerLoop>> create(bus::Bus& bus, Options options, const Clock& clock,
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
  LearnerLoop(bus::Bus& bus, Options options, const Clock& clock, Metrics& metrics);
  absl::StatusOr<std::unique_ptr<learner::Learner>> make_learner() const;
  void run();
  absl::Status boot();
  absl::Status read_policies(learner::PolicyLog& log);
  absl::Status assign();
  absl::Status learn_until_ended();
  void learn(const bus::Record& record);
  absl::Status publish(bool at_once);

  bus::Bus& bus_;
  const Options options_;
  const Clock& clock_;
  Metrics& metrics_;
  Counter& lost_;
  Gauge &lag_seconds_, &running_;

  // The learner's thread only.
  std::unique_ptr<learner::Learner> learner_;
  bus::Source* reading_ = nullptr;           // source_, which others wake
  std::unique_ptr<bus::Sink> sink_;
  std::int32_t partitions_ = 0;
  std::uint64_t last_ticket_ = 0;            // of the sink
  std::map<Partition, Offset> lost_until_;   // shards whose outcomes were lost to retention: where they go on
  pb::Outcome outcome_;                      // scratch: emptied, it keeps the memory of its many small parts

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
