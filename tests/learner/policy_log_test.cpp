#include "learner/policy_log.h"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>

#include "base/rng.h"
#include "features/feature_vector.h"

namespace riffle::learner {
namespace {

const PolicyId kMain("main");
constexpr std::int64_t kNowMs = 1'760'000'000'000;
constexpr std::int64_t kHourMs = 3'600'000;

pb::PolicyManifest manifest(std::uint64_t version, std::int64_t created_ms = kNowMs) {
  pb::PolicyManifest made;
  made.set_policy_id(kMain.str());
  made.set_version(version);
  made.set_parent(version - 1);
  made.set_scorer("linear");
  made.set_feature_fingerprint(features::feature_fingerprint());
  made.set_created_ms(created_ms);
  return made;
}

std::string random_state(Rng& rng, std::size_t size) {
  std::string state(size, '\0');
  for (char& c : state) c = static_cast<char>(rng.below(256));
  return state;
}

absl::Status apply(PolicyLog& log, const PolicyRecord& record) {
  return log.apply(record.key, record.value ? std::optional<std::string_view>(*record.value) : std::nullopt);
}

void apply_all(PolicyLog& log, const std::vector<PolicyRecord>& records) {
  for (const auto& record : records) ASSERT_TRUE(apply(log, record).ok()) << record.key;
}

TEST(EncodeVersion, CutsTheStateIntoBlocksAndSendsKnownOnesNotAgain) {
  Rng rng(1);
  std::string state = random_state(rng, 1000);
  const auto first = encode_version(manifest(1), state, 256, nullptr);
  ASSERT_EQ(first.size(), 5U);
  EXPECT_EQ(first.back().key, "main/version/00000000000000000001");
  EXPECT_TRUE(first[0].key.starts_with("main/block/"));
  EXPECT_EQ(first[0].key.size(), std::string("main/block/").size() + 16);
  PolicyLog log;
  apply_all(log, first);
  const pb::PolicyManifest known = *log.newest(kMain);
  state[300] = static_cast<char>(state[300] + 1);  // in the second block
  const auto second = encode_version(manifest(2), state, 256, &known);
  ASSERT_EQ(second.size(), 2U);
  apply_all(log, second);
  EXPECT_EQ(log.newest(kMain)->version(), 2U);
  EXPECT_EQ(*log.state_of(*log.newest(kMain)), state);
}

TEST(EncodeVersion, AStateOfEqualBlocksSendsOne) {
  const auto records = encode_version(manifest(1), std::string(1024, 'x'), 256, nullptr);
  EXPECT_EQ(records.size(), 2U);
  PolicyLog log;
  apply_all(log, records);
  EXPECT_EQ(*log.state_of(*log.newest(kMain)), std::string(1024, 'x'));
}

TEST(PolicyLog, AnyOrderOfRecordsEndsInTheSame) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    Rng rng(seed);
    std::vector<PolicyRecord> records;
    std::string state;
    for (std::uint64_t version = 1; version <= 3; ++version) {
      state = random_state(rng, 600);
      for (auto& record : encode_version(manifest(version), state, 100, nullptr)) records.push_back(std::move(record));
    }
    std::shuffle(records.begin(), records.end(), rng);
    PolicyLog log;
    apply_all(log, records);
    ASSERT_NE(log.newest(kMain), nullptr);
    EXPECT_EQ(log.newest(kMain)->version(), 3U);
    EXPECT_EQ(*log.state_of(*log.newest(kMain)), state);
    EXPECT_EQ(log.complete_versions(kMain).size(), 3U);
  }
}

TEST(PolicyLog, AManifestWaitsForItsBlocksAndTheLastCompleteVersionIsOffered) {
  Rng rng(3);
  PolicyLog log;
  EXPECT_EQ(log.newest(kMain), nullptr);
  apply_all(log, encode_version(manifest(1), random_state(rng, 300), 100, nullptr));
  auto second = encode_version(manifest(2), random_state(rng, 300), 100, nullptr);
  const PolicyRecord late = second[1];
  second.erase(second.begin() + 1);
  apply_all(log, second);
  EXPECT_EQ(log.newest(kMain)->version(), 1U);
  EXPECT_EQ(log.highest_version(kMain), 2U);
  apply_all(log, {late});
  EXPECT_EQ(log.newest(kMain)->version(), 2U);
}

TEST(PolicyLog, ATruncatedBlockIsRefusedAndItsVersionNotOffered) {
  Rng rng(4);
  PolicyLog log;
  apply_all(log, encode_version(manifest(1), random_state(rng, 100), 100, nullptr));
  auto second = encode_version(manifest(2), random_state(rng, 200), 100, nullptr);
  pb::PolicyBlock block;
  ASSERT_TRUE(block.ParseFromString(*second[0].value));
  const std::string whole = *second[0].value;
  for (const std::string& broken : {whole.substr(0, 50), whole.substr(0, 5), std::string()}) {
    second[0].value = broken;
    const auto status = apply(log, second[0]);
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr(second[0].key));
  }
  block.mutable_content()->pop_back();  // a message in itself, but not what its hash says
  second[0].value = block.SerializeAsString();
  EXPECT_EQ(apply(log, second[0]).code(), absl::StatusCode::kDataLoss);
  apply_all(log, {second[1], second[2]});
  EXPECT_EQ(log.newest(kMain)->version(), 1U);
  pb::PolicyManifest waiting;
  ASSERT_TRUE(waiting.ParseFromString(*second[2].value));
  EXPECT_EQ(log.missing_blocks(waiting), 1U);
  EXPECT_EQ(log.state_of(waiting).status().code(), absl::StatusCode::kNotFound);
}

TEST(PolicyLog, AVersionOfAnotherFeatureSpecificationIsKnownButNotOffered) {
  PolicyLog log;
  apply_all(log, encode_version(manifest(1), "state", 100, nullptr));
  auto foreign = manifest(2);
  foreign.set_feature_fingerprint(features::feature_fingerprint() ^ 1);
  const auto records = encode_version(foreign, "other state", 100, nullptr);
  ASSERT_TRUE(apply(log, records[0]).ok());
  const auto status = apply(log, records[1]);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr(records[1].key));
  EXPECT_EQ(log.newest(kMain)->version(), 1U);
  EXPECT_EQ(log.highest_version(kMain), 2U);
}

TEST(PolicyLog, GarbageIsRefusedByItsKeyAndChangesNothing) {
  PolicyLog log;
  apply_all(log, encode_version(manifest(1), "state", 100, nullptr));
  const std::string good = manifest(7).SerializeAsString();
  for (const char* key : {"", "/", "main", "main/version", "main/version/7", "main/version/0000000000000000000x",
                          "main/block/00000000000000001", "main/blocks/0000000000000001", "/version/00000000000000000007",
                          "main/version/99999999999999999999"})
    EXPECT_EQ(log.apply(key, good).code(), absl::StatusCode::kInvalidArgument) << key;
  EXPECT_EQ(log.apply("main/version/00000000000000000008", good).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(log.apply("other/version/00000000000000000007", good).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(log.apply("main/version/00000000000000000009", "\xff\xff").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(log.apply("never/block/0000000000000001", std::nullopt).ok());
  EXPECT_EQ(log.newest(kMain)->version(), 1U);
  EXPECT_EQ(log.newest(PolicyId("other")), nullptr);
}

TEST(PolicyLog, ExpireKeepsTheNewestAndTheLastOfEveryHourAndTheBlocksTheyName) {
  Retention keep{.newest = 5, .hourly = true};
  PolicyLog log;
  std::optional<pb::PolicyManifest> known;
  // 60 versions, four an hour, the newest now; the first block is the same in all of them.
  for (std::uint64_t version = 1; version <= 60; ++version) {
    const std::int64_t created = kNowMs - static_cast<std::int64_t>(60 - version) * kHourMs / 4;
    const std::string state = std::string(100, 'c') + std::string(100, static_cast<char>(version));
    apply_all(log, encode_version(manifest(version, created), state, 100, known ? &*known : nullptr));
    known = *log.newest(kMain);
  }
  const auto tombstones = log.expire(from_ms(kNowMs), keep);
  std::set<std::string> gone;
  for (const auto& record : tombstones) {
    EXPECT_FALSE(record.value.has_value());
    EXPECT_TRUE(gone.insert(record.key).second) << record.key;
  }
  std::set<std::int64_t> hours, hours_of_kept, hours_of_newest;
  std::size_t kept = 0;
  for (std::uint64_t version = 1; version <= 60; ++version) {
    const std::int64_t hour = (kNowMs - static_cast<std::int64_t>(60 - version) * kHourMs / 4) / kHourMs;
    hours.insert(hour);
    if (version > 55) hours_of_newest.insert(hour);
    if (gone.contains(encode_version(manifest(version), "", 1, nullptr).back().key)) continue;
    ++kept;
    hours_of_kept.insert(hour);
  }
  EXPECT_EQ(hours_of_kept, hours);
  EXPECT_EQ(kept, 5 + hours.size() - hours_of_newest.size());
  apply_all(log, tombstones);
  EXPECT_EQ(log.newest(kMain)->version(), 60U);
  EXPECT_EQ(*log.state_of(*log.newest(kMain)), std::string(100, 'c') + std::string(100, static_cast<char>(60)));
  EXPECT_TRUE(log.expire(from_ms(kNowMs), keep).empty());
  // Eight days later only the newest five are young enough.
  apply_all(log, log.expire(from_ms(kNowMs + 8 * 24 * kHourMs), keep));
  EXPECT_EQ(log.newest(kMain)->version(), 60U);
  keep.newest = 0;
  const auto rest = log.expire(from_ms(kNowMs + 8 * 24 * kHourMs), keep);
  EXPECT_EQ(std::count_if(rest.begin(), rest.end(), [](const auto& r) { return r.key.find("/version/") != std::string::npos; }),
            4);  // all but the newest complete one, which is never given up
}

TEST(PolicyLog, HoldsTheStatesOfTheNewestVersionsOnlyAndSaysSo) {
  Rng rng(9);
  PolicyLog log(2);
  std::vector<pb::PolicyManifest> manifests;
  for (std::uint64_t version = 1; version <= 6; ++version) {
    apply_all(log, encode_version(manifest(version), random_state(rng, 300), 100, nullptr));
    manifests.push_back(*log.newest(kMain));
  }
  EXPECT_TRUE(log.state_of(manifests[5]).ok());
  EXPECT_TRUE(log.state_of(manifests[4]).ok());
  EXPECT_EQ(log.state_of(manifests[0]).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(log.missing_blocks(manifests[0]), 0U);
}

TEST(PolicyLog, ABlockOfOldSentAgainIsHeldForTheManifestThatIsToCome) {
  PolicyLog log(1);
  const auto old = encode_version(manifest(1), "the first", 100, nullptr);
  apply_all(log, old);
  for (std::uint64_t version = 2; version <= 4; ++version)
    apply_all(log, encode_version(manifest(version), "state " + std::to_string(version), 100, nullptr));
  const auto again = encode_version(manifest(5), "the first", 100, nullptr);
  apply_all(log, again);
  EXPECT_EQ(log.newest(kMain)->version(), 5U);
  EXPECT_EQ(*log.state_of(*log.newest(kMain)), "the first");
}

TEST(PolicyLog, PoliciesDoNotMixEvenWithSlashesInTheirNames) {
  PolicyLog log;
  auto other = manifest(3);
  other.set_policy_id("main/block");
  apply_all(log, encode_version(manifest(1), "a", 100, nullptr));
  apply_all(log, encode_version(other, "b", 100, nullptr));
  EXPECT_EQ(log.newest(kMain)->version(), 1U);
  EXPECT_EQ(*log.state_of(*log.newest(PolicyId("main/block"))), "b");
}

}  // namespace
}  // namespace riffle::learner
