// What every bus promises to groups: shares by range, eager revocation, committed offsets.
#include <algorithm>
#include <set>

#include "bus_fixture.h"

namespace riffle::bus {
namespace {

// A group member that keeps the rules: it answers on_assigned and on_revoked from outside of the callback.
class Member : public RebalanceListener {
 public:
  Member(std::unique_ptr<Source> source, const std::vector<std::string>& topics) : source_(std::move(source)) {
    const absl::Status status = source_->subscribe(topics, this);
    EXPECT_TRUE(status.ok()) << status;
  }

  void on_assigned(const std::vector<TopicPartition>& partitions) override { assigned_ = partitions; }
  void on_revoked(const std::vector<TopicPartition>& partitions) override {
    revoked_ = true;
    EXPECT_EQ(std::set<TopicPartition>(partitions.begin(), partitions.end()), held);
  }
  void on_lost(const std::vector<TopicPartition>&) override { revoked_ = true; }

  // One poll, and the answers to what it told. `next` says where a partition begins.
  std::vector<Got> step(const std::function<Got(const Record&)>& own) {
    auto batch = source_->poll(100, 20ms);
    EXPECT_TRUE(batch.ok()) << batch.status();
    std::vector<Got> got;
    for (const Record& record : batch->records) {
      EXPECT_TRUE(held.contains({std::string(record.topic), record.partition})) << "delivered without being held";
      got.push_back(own(record));
    }
    if (std::exchange(revoked_, false)) {
      EXPECT_TRUE(source_->release().ok());
      held.clear();
    }
    if (assigned_) {
      std::vector<Position> positions;
      for (const TopicPartition& where : *assigned_) {
        positions.push_back({where, Offset(next.contains(where) ? next[where] : 0)});
        held.insert(where);
      }
      assigned_.reset();
      ++starts;
      EXPECT_TRUE(source_->start(positions).ok());
    }
    return got;
  }

  Source& source() { return *source_; }

  std::set<TopicPartition> held;
  std::map<TopicPartition, std::int64_t> next;
  int starts = 0;

 private:
  std::unique_ptr<Source> source_;
  std::optional<std::vector<TopicPartition>> assigned_;
  bool revoked_ = false;
};

class Groups : public BusContract {
 protected:
  static void step_until(const std::vector<Member*>& members, const std::function<bool()>& done) {
    const auto until = std::chrono::steady_clock::now() + 60s;
    while (!done()) {
      if (std::chrono::steady_clock::now() > until) {
        ADD_FAILURE() << "waited too long";
        return;
      }
      for (Member* member : members) member->step(own);
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Bus, Groups, testing::Values(Kind::kMemory, Kind::kDirectory, Kind::kKafka), kind_name);

TEST_P(Groups, OneMemberGetsEveryPartitionAndReadsFromItsOwnPositions) {
  const std::string topic = make_topic("one", 3);
  for (int p = 0; p < 3; ++p) fill(topic, p, 4);
  Member member(source("g"), {topic});
  for (int p = 0; p < 3; ++p) member.next[{topic, Partition(p)}] = 2;
  std::vector<Got> got;
  const auto until = std::chrono::steady_clock::now() + 60s;
  while (got.size() < 6 && std::chrono::steady_clock::now() < until)
    for (Got& g : member.step(own)) got.push_back(std::move(g));
  ASSERT_EQ(got.size(), 6u);
  for (const Got& g : got) EXPECT_GE(g.offset, 2);
  EXPECT_EQ(member.held.size(), 3u);
}

TEST_P(Groups, NothingIsDeliveredBeforeStart) {
  const std::string topic = make_topic("start", 1);
  fill(topic, 0, 3);
  struct Silent : RebalanceListener {
    void on_assigned(const std::vector<TopicPartition>& partitions) override { assigned = partitions; }
    void on_revoked(const std::vector<TopicPartition>&) override {}
    void on_lost(const std::vector<TopicPartition>&) override {}
    std::vector<TopicPartition> assigned;
  } listener;
  auto from = source("g");
  EXPECT_EQ(from->start({}).code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(from->subscribe({topic}, &listener).ok());
  const auto until = std::chrono::steady_clock::now() + 60s;
  while (listener.assigned.empty() && std::chrono::steady_clock::now() < until)
    EXPECT_TRUE(from->poll(10, 100ms)->records.empty());
  ASSERT_EQ(listener.assigned.size(), 1u);
  EXPECT_TRUE(from->poll(10, 200ms)->records.empty());
  EXPECT_EQ(from->start({}).code(), absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(from->start({{listener.assigned[0], Offset(1)}}).ok());
  EXPECT_EQ(poll_records(*from, 2).records[0].offset, 1);
}

TEST_P(Groups, TheRangeAssignorGivesRunsAndJoiningAndLeavingShareAnew) {
  const std::string topic = make_topic("range", 5), other = make_topic("range-too", 5);
  auto first = std::make_unique<Member>(source("g"), std::vector<std::string>{topic, other});
  step_until({first.get()}, [&] { return first->held.size() == 10; });
  auto second = std::make_unique<Member>(source("g"), std::vector<std::string>{topic, other});
  step_until({first.get(), second.get()}, [&] { return first->held.size() < 10 && first->held.size() + second->held.size() == 10; });
  // One has 0 1 2 of both topics, the other 3 4.
  Member& larger = first->held.size() == 6 ? *first : *second;
  std::set<TopicPartition> run;
  for (const std::string& t : {topic, other})
    for (int p = 0; p < 3; ++p) run.insert({t, Partition(p)});
  EXPECT_EQ(larger.held, run);
  second.reset();
  step_until({first.get()}, [&] { return first->held.size() == 10; });
}

TEST_P(Groups, AMemberThatLeavesBeforeItStartedDoesNotHoldTheOthersUp) {
  const std::string topic = make_topic("left", 4);
  struct Idle : RebalanceListener {
    void on_assigned(const std::vector<TopicPartition>&) override { ++assigned; }
    void on_revoked(const std::vector<TopicPartition>&) override {}
    void on_lost(const std::vector<TopicPartition>&) override {}
    int assigned = 0;
  } idle;
  auto unstarted = source("g");
  ASSERT_TRUE(unstarted->subscribe({topic}, &idle).ok());
  const auto until = std::chrono::steady_clock::now() + 60s;
  while (idle.assigned == 0 && std::chrono::steady_clock::now() < until) ASSERT_TRUE(unstarted->poll(1, 50ms).ok());
  ASSERT_GT(idle.assigned, 0);
  unstarted.reset();
  Member member(source("g"), {topic});
  step_until({&member}, [&] { return member.held.size() == 4; });
}

TEST_P(Groups, KeepTheOffsetsTheyCommitted) {
  const std::string topic = make_topic("offsets", 2);
  fill(topic, 0, 5);
  const TopicPartition where{topic, Partition(0)};
  auto from = source("offsets");
  ASSERT_TRUE(from->assign({{where, kEarliest}}).ok());
  poll_records(*from, 5);
  auto before = from->committed(where);
  ASSERT_TRUE(before.ok()) << before.status();
  EXPECT_EQ(*before, std::nullopt);
  ASSERT_TRUE(from->commit({{where, Offset(3)}}).ok());
  const auto until = std::chrono::steady_clock::now() + kLong;
  auto reader = source("offsets");
  while (*reader->committed(where) != Offset(3) && std::chrono::steady_clock::now() < until) ASSERT_TRUE(from->poll(1, 10ms).ok());
  EXPECT_EQ(*reader->committed(where), Offset(3));
  EXPECT_EQ(*reader->committed({topic, Partition(1)}), std::nullopt);
  EXPECT_EQ(*source("another")->committed(where), std::nullopt);
  EXPECT_EQ(source()->commit({{where, Offset(1)}}).code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace riffle::bus
