// Policy versions as records of the `policy` topic (DESIGN §3): immutable blocks, then the manifest that names them. The
// topic is the learner's checkpoint: who reads all of it knows every version, and boots from the newest complete one.
//
// Keys: "<policy_id>/block/<hash, 16 hex digits>" and "<policy_id>/version/<version, 20 digits>". Not bound to a bus: records go
// in and out as keys and values.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "base/ids.h"
#include "base/time.h"
#include "learner/options.h"
#include "records/riffle.pb.h"

namespace riffle::learner {

struct PolicyRecord {
  std::string key;
  std::optional<std::string> value;   // none: a tombstone
};

// Blocks first, the manifest last; fills in manifest.blocks. Blocks that `known` (the previous manifest) names already are not sent again.
std::vector<PolicyRecord> encode_version(pb::PolicyManifest manifest, std::string_view state, std::size_t block_bytes,
                                         const pb::PolicyManifest* known);

// What the topic holds. One thread.
class PolicyLog {
 public:
  // A record of the topic, in order. Errors name the key; what is broken is left out and the last good version stays.
  absl::Status apply(std::string_view key, std::optional<std::string_view> value);

  // The newest version whose blocks are all there and whose fingerprint is this build's; null: none.
  const pb::PolicyManifest* newest(const PolicyId& policy) const;
  absl::StatusOr<std::string> state_of(const pb::PolicyManifest& manifest) const;

  // Tombstones of what need not be kept: versions beyond the newest `keep_versions` and one an hour for 7 days, and blocks
  // that no kept manifest names.
  std::vector<PolicyRecord> expire(TimePoint now, const LearnerOptions& options) const;

 private:
  struct Policy {
    std::map<std::uint64_t, pb::PolicyManifest> versions;
    absl::flat_hash_map<std::uint64_t, std::string> blocks;
  };
  std::map<std::string, Policy, std::less<>> policies_;
};

}  // namespace riffle::learner
