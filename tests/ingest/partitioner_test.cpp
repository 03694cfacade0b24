#include "ingest/partitioner.h"

#include <gtest/gtest.h>

#include "base/hash.h"

namespace riffle::ingest {
namespace {

constexpr std::int32_t kPartitions = 4;

// The first key that the two hashes put in different partitions (or, `same`, in one).
std::string key_where(bool same) {
  for (int i = 0;; ++i) {
    const std::string key = "u" + std::to_string(i);
    if ((murmur2_partition(key, kPartitions) == crc32_partition(key, kPartitions)) == same)
      return key;
  }
}

Partition neither(const std::string& key) {
  for (int p = 0;; ++p)
    if (Partition(p) != murmur2_partition(key, kPartitions) &&
        Partition(p) != crc32_partition(key, kPartitions))
      return Partition(p);
}

TEST(Partitioner, AutoIsDecidedByTheFirstRecordThatOnlyOneExplains) {
  Partitioner partitioner(PartitionerSetting::kAuto, kPartitions);
  const std::string both = key_where(true), one = key_where(false);
  EXPECT_FALSE(partitioner.check(both, murmur2_partition(both, kPartitions)));
  EXPECT_EQ(partitioner.state(), "");
  EXPECT_FALSE(partitioner.check(one, crc32_partition(one, kPartitions)));
  EXPECT_EQ(partitioner.state(), "crc32");
  const auto reason = partitioner.check(one, murmur2_partition(one, kPartitions));
  ASSERT_TRUE(reason);
  EXPECT_EQ(reason->code, records::Code::kMisrouted);
  EXPECT_NE(reason->message.find("`partitioner: crc32` (found by auto)"), std::string::npos)
      << reason->message;
  EXPECT_NE(reason->message.find('"' + one + '"'), std::string::npos) << reason->message;
}

TEST(Partitioner, ARecordThatNeitherExplainsIsMisroutedAndDecidesNothing) {
  Partitioner partitioner(PartitionerSetting::kAuto, kPartitions);
  const std::string key = key_where(false);
  const auto reason = partitioner.check(key, neither(key));
  ASSERT_TRUE(reason);
  EXPECT_EQ(reason->code, records::Code::kMisrouted);
  EXPECT_NE(reason->message.find("`partitioner: auto`"), std::string::npos) << reason->message;
  EXPECT_EQ(partitioner.state(), "");
}

TEST(Partitioner, ADecisionIsKeptAcrossARestart) {
  Partitioner before(PartitionerSetting::kAuto, kPartitions);
  const std::string key = key_where(false);
  ASSERT_FALSE(before.check(key, murmur2_partition(key, kPartitions)));
  Partitioner after(PartitionerSetting::kAuto, kPartitions);
  after.restore(before.state());
  EXPECT_EQ(after.state(), "murmur2");
  EXPECT_TRUE(after.check(key, crc32_partition(key, kPartitions)));
  Partitioner undecided(PartitionerSetting::kAuto, kPartitions);
  undecided.restore("");
  EXPECT_EQ(undecided.state(), "");
}

TEST(Partitioner, AnExplicitSettingIsEnforcedWhateverWasFoundBefore) {
  const std::string key = key_where(false);
  Partitioner partitioner(PartitionerSetting::kMurmur2, kPartitions);
  partitioner.restore("crc32");
  EXPECT_FALSE(partitioner.check(key, murmur2_partition(key, kPartitions)));
  const auto reason = partitioner.check(key, crc32_partition(key, kPartitions));
  ASSERT_TRUE(reason);
  EXPECT_NE(reason->message.find("`partitioner: murmur2`"), std::string::npos) << reason->message;
  EXPECT_NE(reason->message.find("murmur2_random"), std::string::npos) << reason->message;
}

TEST(Partitioner, OnePartitionTakesEverythingAndDecidesNothing) {
  Partitioner partitioner(PartitionerSetting::kAuto, 1);
  for (int i = 0; i < 100; ++i)
    EXPECT_FALSE(partitioner.check("u" + std::to_string(i), Partition(0)));
  EXPECT_EQ(partitioner.state(), "");
}

}  // namespace
}  // namespace riffle::ingest
