#include "learner/policy_log.h"

#include <algorithm>
#include <charconv>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/check.h"
#include "base/errors.h"
#include "base/hash.h"
#include "base/log.h"
#include "features/feature_vector.h"

namespace riffle::learner {
namespace {

constexpr std::string_view kBlock = "block";
constexpr std::string_view kVersion = "version";
constexpr auto kHourlyFor = std::chrono::hours(24 * 7);
constexpr std::int64_t kHourMs = 3'600'000;

std::string block_key(std::string_view policy, std::uint64_t hash) {
  return absl::StrFormat("%s/block/%016x", std::string(policy), hash);
}

std::string version_key(std::string_view policy, std::uint64_t version) {
  return absl::StrFormat("%s/version/%020d", std::string(policy), version);
}

struct Key {
  std::string_view policy;
  bool is_block = false;
  std::uint64_t number = 0;
};

// From the end: a policy's id may hold slashes.
std::optional<Key> parse_key(std::string_view key) {
  const auto last = key.rfind('/');
  if (last == std::string_view::npos || last == 0) return std::nullopt;
  const auto middle = key.rfind('/', last - 1);
  if (middle == std::string_view::npos || middle == 0) return std::nullopt;
  const auto kind = key.substr(middle + 1, last - middle - 1);
  const auto digits = key.substr(last + 1);
  Key parsed{key.substr(0, middle), kind == kBlock, 0};
  if (!parsed.is_block && kind != kVersion) return std::nullopt;
  if (digits.size() != (parsed.is_block ? 16 : 20)) return std::nullopt;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), parsed.number, parsed.is_block ? 16 : 10);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return parsed;
}

bool ours(const pb::PolicyManifest& manifest) {
  return manifest.feature_fingerprint() == features::feature_fingerprint();
}

absl::Status invalid(std::string_view key, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("policy record ", std::string(key), ": ", std::string(what)));
}

}  // namespace

std::vector<PolicyRecord> encode_version(pb::PolicyManifest manifest, std::string_view state, std::size_t block_bytes,
                                         const pb::PolicyManifest* known) {
  RIFFLE_CHECK(block_bytes > 0);
  std::vector<std::string_view> blocks;
  for (std::size_t from = 0; from < state.size(); from += block_bytes) blocks.push_back(state.substr(from, block_bytes));
  return encode_version(std::move(manifest), blocks, known);
}

std::vector<PolicyRecord> encode_version(pb::PolicyManifest manifest, const std::vector<std::string_view>& blocks,
                                         const pb::PolicyManifest* known) {
  absl::flat_hash_set<std::uint64_t> sent;
  if (known != nullptr) sent.insert(known->blocks().begin(), known->blocks().end());
  std::vector<PolicyRecord> records;
  manifest.clear_blocks();
  for (const std::string_view content : blocks) {
    const std::uint64_t hash = stable_hash(content);
    manifest.add_blocks(hash);
    if (!sent.insert(hash).second) continue;
    pb::PolicyBlock block;
    block.set_hash(hash);
    block.set_content(std::string(content));
    records.push_back({block_key(manifest.policy_id(), hash), block.SerializeAsString()});
  }
  records.push_back({version_key(manifest.policy_id(), manifest.version()), manifest.SerializeAsString()});
  return records;
}

std::string_view policy_of(std::string_view key) {
  const auto parsed = parse_key(key);
  return parsed ? parsed->policy : std::string_view();
}

PolicyLog::PolicyLog(std::size_t states_kept) : states_kept_(std::max<std::size_t>(states_kept, 1)) {}

absl::Status PolicyLog::apply(std::string_view key, std::optional<std::string_view> value) {
  const auto parsed = parse_key(key);
  if (!parsed) return invalid(key, "the key is neither <policy>/block/<16 hex digits> nor <policy>/version/<20 digits>");
  ++applied_;
  if (!value) {
    const auto it = policies_.find(parsed->policy);
    if (it == policies_.end()) return absl::OkStatus();
    if (parsed->is_block) {
      it->second.blocks.erase(parsed->number);
    } else {
      it->second.versions.erase(parsed->number);
    }
    return absl::OkStatus();
  }
  auto it = policies_.find(parsed->policy);
  if (it == policies_.end()) it = policies_.emplace(std::string(parsed->policy), Policy{}).first;
  return parsed->is_block ? apply_block(it->second, key, parsed->number, *value)
                          : apply_manifest(it->first, it->second, key, parsed->number, *value);
}

absl::Status PolicyLog::apply_block(Policy& policy, std::string_view key, std::uint64_t hash, std::string_view value) {
  pb::PolicyBlock block;
  if (!block.ParseFromArray(value.data(), static_cast<int>(value.size())))
    return absl::DataLossError(absl::StrCat("policy record ", std::string(key), ": not a PolicyBlock, or cut short"));
  if (block.hash() != hash || stable_hash(block.content()) != hash)
    return absl::DataLossError(
        absl::StrCat("policy record ", std::string(key), ": the block's content is not what its hash says"));
  policy.blocks[hash] = {std::make_shared<const std::string>(std::move(*block.mutable_content())), applied_};
  return absl::OkStatus();
}

absl::Status PolicyLog::apply_manifest(std::string_view id, Policy& policy, std::string_view key, std::uint64_t version,
                                       std::string_view value) {
  pb::PolicyManifest manifest;
  if (!manifest.ParseFromArray(value.data(), static_cast<int>(value.size())))
    return invalid(key, "not a PolicyManifest");
  if (manifest.policy_id() != id || manifest.version() != version || version == 0)
    return invalid(key, "the manifest is of another policy or version than its key says");
  const std::uint64_t fingerprint = manifest.feature_fingerprint();
  policy.versions[version] = {std::move(manifest), applied_};
  if (fingerprint != features::feature_fingerprint())
    return absl::FailedPreconditionError(absl::StrFormat(
        "policy record %s: made with the feature specification %016x, this build has %016x; the version is not offered",
        std::string(key), fingerprint, features::feature_fingerprint()));
  release_old_states(policy);
  return absl::OkStatus();
}

bool PolicyLog::ready(const Policy& policy, const pb::PolicyManifest& manifest) {
  return ours(manifest) && std::all_of(manifest.blocks().begin(), manifest.blocks().end(), [&](std::uint64_t hash) {
           const auto it = policy.blocks.find(hash);
           return it != policy.blocks.end() && it->second.content != nullptr;
         });
}

void PolicyLog::release_old_states(Policy& policy) const {
  absl::flat_hash_set<std::uint64_t> needed;
  std::uint64_t newest_arrival = 0;
  std::size_t states = 0;
  for (auto it = policy.versions.rbegin(); it != policy.versions.rend() && states < states_kept_; ++it) {
    if (!ours(it->second.manifest)) continue;
    // What waits for a block keeps those it has.
    needed.insert(it->second.manifest.blocks().begin(), it->second.manifest.blocks().end());
    if (!ready(policy, it->second.manifest)) continue;
    if (states++ == 0) newest_arrival = it->second.arrival;
  }
  if (states < states_kept_) return;
  for (auto& [hash, block] : policy.blocks)
    if (block.arrival < newest_arrival && !needed.contains(hash)) block.content.reset();
}

void PolicyLog::take(std::vector<PolicyRecord> made, std::vector<PolicyRecord>& records) {
  for (PolicyRecord& record : made) {
    if (const absl::Status status = apply(record.key, record.value); !status.ok()) log::error("{}", status.ToString());
    records.push_back(std::move(record));
  }
}

const pb::PolicyManifest* PolicyLog::newest(const PolicyId& policy) const {
  const auto it = policies_.find(policy.str());
  if (it == policies_.end()) return nullptr;
  const auto& versions = it->second.versions;
  const auto found = std::find_if(versions.rbegin(), versions.rend(),
                                  [&](const auto& entry) { return ready(it->second, entry.second.manifest); });
  return found == versions.rend() ? nullptr : &found->second.manifest;
}

std::vector<const pb::PolicyManifest*> PolicyLog::complete_versions(const PolicyId& policy) const {
  std::vector<const pb::PolicyManifest*> complete;
  const auto it = policies_.find(policy.str());
  if (it == policies_.end()) return complete;
  for (auto v = it->second.versions.rbegin(); v != it->second.versions.rend(); ++v)
    if (ready(it->second, v->second.manifest)) complete.push_back(&v->second.manifest);
  return complete;
}

std::uint64_t PolicyLog::highest_version(const PolicyId& policy) const {
  const auto it = policies_.find(policy.str());
  return it == policies_.end() || it->second.versions.empty() ? 0 : it->second.versions.rbegin()->first;
}

std::size_t PolicyLog::missing_blocks(const pb::PolicyManifest& manifest) const {
  const auto it = policies_.find(manifest.policy_id());
  if (it == policies_.end()) return static_cast<std::size_t>(manifest.blocks_size());
  return static_cast<std::size_t>(std::count_if(manifest.blocks().begin(), manifest.blocks().end(),
                                                [&](std::uint64_t hash) { return !it->second.blocks.contains(hash); }));
}

absl::StatusOr<std::string> PolicyLog::state_of(const pb::PolicyManifest& manifest) const {
  const auto where = version_key(manifest.policy_id(), manifest.version());
  const auto it = policies_.find(manifest.policy_id());
  std::string state;
  for (const std::uint64_t hash : manifest.blocks()) {
    const Block* block = nullptr;
    if (it != policies_.end()) {
      const auto found = it->second.blocks.find(hash);
      if (found != it->second.blocks.end()) block = &found->second;
    }
    if (block == nullptr)
      return absl::NotFoundError(absl::StrFormat("policy version %s: its block %016x is not there", where, hash));
    if (block->content == nullptr)
      return absl::FailedPreconditionError(
          absl::StrFormat("policy version %s: its state is no longer in memory; read the policy topic again", where));
    state.append(*block->content);
  }
  return state;
}

std::vector<PolicyRecord> PolicyLog::expire(TimePoint now, Retention keep) const {
  std::vector<PolicyRecord> tombstones;
  for (const auto& [id, policy] : policies_) {
    absl::flat_hash_set<std::uint64_t> named;
    absl::flat_hash_set<std::int64_t> hours;
    std::size_t rank = 0;
    bool complete_kept = false;
    for (auto it = policy.versions.rbegin(); it != policy.versions.rend(); ++it, ++rank) {
      const auto& manifest = it->second.manifest;
      const bool last_of_hour = hours.insert(manifest.created_ms() / kHourMs).second;
      const bool newest_complete = !complete_kept && ready(policy, manifest);
      complete_kept |= newest_complete;
      const bool young = now - from_ms(manifest.created_ms()) <= kHourlyFor;
      if (rank < keep.newest || newest_complete || (keep.hourly && last_of_hour && young)) {
        named.insert(manifest.blocks().begin(), manifest.blocks().end());
      } else {
        tombstones.push_back({version_key(id, it->first), std::nullopt});
      }
    }
    std::vector<std::uint64_t> unnamed;
    for (const auto& [hash, block] : policy.blocks)
      if (!named.contains(hash)) unnamed.push_back(hash);
    std::sort(unnamed.begin(), unnamed.end());
    for (const std::uint64_t hash : unnamed) tombstones.push_back({block_key(id, hash), std::nullopt});
  }
  return tombstones;
}

}  // namespace riffle::learner
