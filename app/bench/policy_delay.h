// How long an outcome takes until it changes the lists that are served: from the outcome's record, read from `outcomes`, to
// the first list made by a version of the policy that has learned it.
//
//   outcomes of shard 0:  offset 40 read at t = 1.00 s
//   manifests:            version 7 up to offset 40 (that is, without it), version 8 up to offset 44
//   lists:                version 7 at 1.20 s, version 8 at 1.27 s       →  0.27 s
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "records/riffle.pb.h"

namespace riffle::app::bench {

class PolicyDelay {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // In the order of their offsets, and of the versions.
  void add_outcome(Partition shard, Offset offset, Time read);
  void add_manifest(const pb::PolicyManifest& manifest);
  void add_list(std::uint64_t version, Time read);

  // Of the outcomes read in [from, to). Those that no list has come to reflect are `unserved`.
  struct Delays {
    std::vector<double> ms;
    std::uint64_t unserved = 0;
  };
  Delays delays(Time from, Time to) const;

 private:
  struct Outcome {
    Partition shard;
    Offset offset;
    Time read;
  };
  // The first version that has learned this outcome.
  std::optional<std::uint64_t> version_of(const Outcome& outcome) const;

  std::vector<Outcome> outcomes_;
  std::map<Partition, std::map<std::int64_t, std::uint64_t>> learned_;  // shard → position → first version with it
  std::map<std::uint64_t, Time> first_list_;                            // of a version
};

}  // namespace riffle::app::bench
