#include "replay/journal_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bus/local_bus.h"
#include "bus/topics.h"

namespace riffle::replay {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::uint64_t kGeneration = 7;

class JournalLogTest : public ::testing::Test {
 protected:
  JournalLogTest() {
    bus_ = bus::make_local_bus({}).value();
    bus::TopicsOptions topics;
    topics.partitions = 1;
    EXPECT_TRUE(bus_->create_topics(bus::riffle_topics(topics)).ok());
    sink_ = bus_->make_sink({}).value();
  }

  void publish(std::uint64_t sequence, std::initializer_list<std::uint64_t> numbers) {
    pb::EpochRecord epoch;
    epoch.set_sequence(sequence);
    for (const std::uint64_t number : numbers) {
      auto* entry = epoch.add_entries();
      entry->set_number(number);
      entry->set_tick_ms(static_cast<std::int64_t>(sequence));  // tells which record an entry came from
    }
    publish(epoch.SerializeAsString());
  }
  void publish(const std::string& bytes) {
    bus::OutRecord record;
    record.topic = names_.epochs;
    record.partition = Partition(0);
    record.value = bytes;
    ASSERT_TRUE(sink_->send(record).ok());
  }
  absl::StatusOr<JournalLog> open() { return JournalLog::open(*bus_, {names_.epochs, Partition(0)}); }

  // "number@sequence" of each entry.
  static std::vector<std::string> entries(JournalLog& log) {
    std::vector<std::string> entries;
    while (true) {
      const auto entry = log.next();
      if (!entry.ok()) {
        entries.push_back(std::string(absl::StatusCodeToString(entry.status().code())));
        return entries;
      }
      if (!*entry) return entries;
      entries.push_back(std::to_string((*entry)->number()) + "@" + std::to_string((*entry)->tick_ms()));
    }
  }

  bus::TopicNames names_;
  std::unique_ptr<bus::LocalBus> bus_;
  std::unique_ptr<bus::Sink> sink_;
  const std::uint64_t base_ = kGeneration << 20;
};

TEST_F(JournalLogTest, AnEpochThatWasPublishedTwiceGivesItsEntriesOnce) {
  publish(base_, {1, 2});
  publish(base_ + 1, {3, 4});
  publish(base_ + 1, {3, 4, 5});
  publish(base_ + 2, {6});
  auto log = open();
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_EQ(log->generation(), kGeneration);
  EXPECT_EQ(log->last_number(), 6U);
  const auto at = [&](std::uint64_t number, std::uint64_t step) {
    return std::to_string(number) + "@" + std::to_string(base_ + step);
  };
  EXPECT_THAT(entries(*log), ElementsAre(at(1, 0), at(2, 0), at(3, 1), at(4, 1), at(5, 1), at(6, 2)));
}

TEST_F(JournalLogTest, OfAShardWhoseStoreWasMadeAnewTheNewestIsGiven) {
  publish(base_, {1, 2});
  publish(base_ + 1, {3});
  const std::uint64_t anew = (kGeneration + 5) << 20;
  publish(anew, {1});
  publish(anew + 1, {2});
  auto log = open();
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_EQ(log->generation(), kGeneration + 5);
  EXPECT_EQ(log->earlier_stores(), 1U);
  EXPECT_EQ(log->last_number(), 2U);
  EXPECT_THAT(entries(*log), ElementsAre("1@" + std::to_string(anew), "2@" + std::to_string(anew + 1)));
}

TEST_F(JournalLogTest, TheFirstEpochPublishedTwiceIsOneStore) {
  publish(base_, {1, 2});
  publish(base_, {1, 2, 3});
  auto log = open();
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_EQ(log->earlier_stores(), 0U);
  EXPECT_EQ(entries(*log).size(), 3U);
}

TEST_F(JournalLogTest, AMissingEntryIsAnErrorThatNamesIt) {
  publish(base_, {1, 2});
  publish(base_ + 2, {4});
  auto log = open();
  ASSERT_TRUE(log.ok());
  EXPECT_TRUE(log->next().ok());
  EXPECT_TRUE(log->next().ok());
  const auto missing = log->next();
  EXPECT_TRUE(absl::IsDataLoss(missing.status())) << missing.status();
  EXPECT_THAT(std::string(missing.status().message()), HasSubstr("entries 3 to 3 are missing"));
}

TEST_F(JournalLogTest, ALogWithoutItsBeginningIsRefusedAndSaysWhatItBeginsWith) {
  publish(base_ + 3, {17, 18});
  const auto log = open();
  EXPECT_TRUE(absl::IsOutOfRange(log.status())) << log.status();
  EXPECT_THAT(std::string(log.status().message()), HasSubstr("begins at journal entry 17"));
}

TEST_F(JournalLogTest, AnEmptyTopicHasNoEntries) {
  auto log = open();
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_EQ(log->last_number(), 0U);
  EXPECT_THAT(entries(*log), ElementsAre());
}

TEST_F(JournalLogTest, ARecordThatIsNoEpochIsAnErrorWithItsPlace) {
  publish(base_, {1});
  publish(std::string("\xff\xff\xff nonsense"));
  const auto log = open();
  EXPECT_TRUE(absl::IsDataLoss(log.status())) << log.status();
  EXPECT_THAT(std::string(log.status().message()), HasSubstr("riffle.epochs/0/1"));
}

}  // namespace
}  // namespace riffle::replay
