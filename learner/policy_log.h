// Policy versions as records of the `policy` topic (DESIGN §3): immutable blocks, then the manifest that names them. The
// topic is the learner's checkpoint: who reads all of it knows every version, and boots from the newest complete one.
//
// Keys: "<policy_id>/block/<hash, 16 hex digits>" and "<policy_id>/version/<version, 20 digits>". Not bound to a bus: records go
// in and out as keys and values.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
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
// The same of a state that its owner has cut into blocks.
std::vector<PolicyRecord> encode_version(pb::PolicyManifest manifest, const std::vector<std::string_view>& blocks,
                                         const pb::PolicyManifest* known);

// The policy that a record of the topic is of; empty: the key is none of it.
std::string_view policy_of(std::string_view key);

// How many versions are worth keeping.
struct Retention {
  std::size_t newest = 1;
  bool hourly = false;         // and the last of every hour for 7 days
};

// What the topic holds. One thread. A copy is cheap: blocks are shared.
//
// Of a policy's older versions only the manifests and the blocks' names are kept in memory: what is newer than
// `states_kept` versions needs its content to boot, what is older only has to be known to be tombstoned. A block that
// came after the newest complete manifest is kept, since the manifest that names it is still to come.
class PolicyLog {
 public:
  explicit PolicyLog(std::size_t states_kept = 3);

  // A record of the topic, in order. Errors name the key; what is broken is left out and the last good version stays.
  //   InvalidArgument     not a key or a value of this topic
  //   DataLoss            a block's content is not what its hash says (cut short, say)
  //   FailedPrecondition  a manifest made with another feature specification: known, but not offered
  // A manifest whose blocks are not all there waits for them without an error: see missing_blocks().
  absl::Status apply(std::string_view key, std::optional<std::string_view> value);

  // Records that their writer made, which are about to be sent: applied, and put behind `records`.
  void take(std::vector<PolicyRecord> made, std::vector<PolicyRecord>& records);

  // The newest version whose blocks are all there and whose fingerprint is this build's; null: none. The pointers of
  // newest() and complete_versions() are valid until the next apply().
  const pb::PolicyManifest* newest(const PolicyId& policy) const;
  // All such versions whose content is in memory, newest first.
  std::vector<const pb::PolicyManifest*> complete_versions(const PolicyId& policy) const;
  // The highest version number seen, of whatever kind: the next is above it. 0: none.
  std::uint64_t highest_version(const PolicyId& policy) const;
  // How many blocks a manifest waits for.
  std::size_t missing_blocks(const pb::PolicyManifest& manifest) const;
  // NotFound: a block is missing. FailedPrecondition: an older version whose content was let go of (read the topic again).
  absl::StatusOr<std::string> state_of(const pb::PolicyManifest& manifest) const;

  // Tombstones of what need not be kept: versions beyond the retention, and blocks that no kept manifest names. The newest
  // complete version is always kept. For the learner, which knows that no version is half written; give the records to take().
  std::vector<PolicyRecord> expire(TimePoint now, Retention keep) const;

 private:
  struct Block {
    std::shared_ptr<const std::string> content;  // null: let go of
    std::uint64_t arrival = 0;
  };
  struct Version {
    pb::PolicyManifest manifest;
    std::uint64_t arrival = 0;
  };
  struct Policy {
    std::map<std::uint64_t, Version> versions;
    absl::flat_hash_map<std::uint64_t, Block> blocks;
  };

  absl::Status apply_block(Policy& policy, std::string_view key, std::uint64_t hash, std::string_view value);
  absl::Status apply_manifest(std::string_view id, Policy& policy, std::string_view key, std::uint64_t version,
                              std::string_view value);
  void release_old_states(Policy& policy) const;
  static bool ready(const Policy& policy, const pb::PolicyManifest& manifest);

  std::size_t states_kept_;
  std::uint64_t applied_ = 0;
  std::map<std::string, Policy, std::less<>> policies_;
};

}  // namespace riffle::learner
