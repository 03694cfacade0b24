// The learner's thread: reads `outcomes` of all shards from where the newest version of each policy stopped, learns, and
// writes new versions to `policy`. It never holds up a shard: shards adopt what the topic has.
#pragma once

#include <atomic>
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
#include "serving/options.h"

namespace riffle::pipeline {

class LearnerLoop {
 public:
  struct Options {
    bus::TopicNames topics;
    learner::LearnerOptions learner;
    std::vector<serving::PolicyOptions> policies;
  };

  static absl::StatusOr<std::unique_ptr<LearnerLoop>> start(bus::Bus& bus, Options options, const Clock& clock,
                                                            Metrics& metrics);
  // Publishes what was learned since the last version, as far as the bus takes it within two seconds, and ends.
  ~LearnerLoop();

  absl::Status status() const;   // why it has stopped, if it has
  std::uint64_t learned() const { return learned_; }

 private:
  LearnerLoop(Options options, const Clock& clock, Metrics& metrics);
  absl::Status boot(bus::Bus& bus);
  absl::Status read_policies(bus::Bus& bus, learner::PolicyLog& log);
  absl::Status assign();
  void run();
  void learn(const bus::Record& record);
  absl::Status publish(bool at_once);

  Options options_;
  const Clock& clock_;
  std::unique_ptr<bus::Source> source_;
  std::unique_ptr<bus::Sink> sink_;
  std::unique_ptr<learner::Learner> learner_;
  std::int32_t partitions_ = 0;
  std::uint64_t last_ticket_ = 0;            // of the sink
  std::map<Partition, Offset> lost_until_;   // shards whose outcomes were lost to retention: where they go on
  Counter& lost_;
  Gauge& lag_seconds_;
  std::atomic<std::uint64_t> learned_{0};
  std::atomic<bool> stopping_{false};
  mutable absl::Mutex mutex_;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace riffle::pipeline
