// What a learner's thread runs (pipeline/learner_loop.h): it reads one topic of all shards, and its checkpoint is the versions that it
// writes to `policy`. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/ids.h"
#include "base/time.h"
#include "bus/bus.h"
#include "learner/policy_log.h"

namespace riffle::pipeline {

class StreamLearner {
 public:
  virtual ~StreamLearner() = default;

  virtual bool learns() const = 0;               // false: there is nothing to read for it, ever
  virtual const std::string& topic() const = 0;  // that it reads
  // Whether versions of this policy are its own: to boot from, and to tombstone.
  virtual bool owns(std::string_view policy) const = 0;

  // Goes on from the newest versions of `log`, which has what it owns, that load. Once, before any record. The status tells of the
  // first that did not; it learns all the same.
  virtual absl::Status boot(const learner::PolicyLog& log, std::int32_t partitions) = 0;
  // Where to read its topic from. A partition that is not named: from the earliest record there is.
  virtual std::map<Partition, Offset> positions() const = 0;
  // A record of its topic, in the order of its partition; what it has learned already it skips.
  virtual void learn(const bus::Record& record) = 0;
  // How many records of its topic wait, every few seconds, where it wants to know: to do less with each.
  virtual bool paces() const { return false; }
  virtual void note_backlog(std::uint64_t /*records*/) {}
  // New versions where there is something new and their interval is over (`at_once`: where there is something new), and tombstones,
  // to be sent in this order. `now`: the wall clock's.
  virtual std::vector<learner::PolicyRecord> publish(TimePoint now, bool at_once) = 0;
};

}  // namespace riffle::pipeline
