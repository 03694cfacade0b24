// What only the local bus has: a directory that survives, faults, retention, compaction.
#include "bus/local_bus.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>

#include <unistd.h>

#include "base/errors.h"
#include "base/rng.h"
#include "bus/local_topic.h"
#include "bus/segment_format.h"
#include "gtest/gtest.h"

namespace riffle::bus {
namespace {

using namespace std::chrono_literals;
constexpr Milliseconds kLong{20000};

class Local : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = std::filesystem::temp_directory_path() /
                 ("riffle-local-" + std::to_string(::getpid()) + "-" + testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(directory_);
    options_.directory = directory_;
    options_.clock = &clock_;
  }
  void TearDown() override {
    bus_.reset();
    std::filesystem::remove_all(directory_);
  }

  void open() {
    bus_.reset();
    auto bus = make_local_bus(options_);
    ASSERT_TRUE(bus.ok()) << bus.status();
    bus_ = *std::move(bus);
  }

  static TopicSpec spec(const std::string& name, std::int32_t partitions, std::map<std::string, std::string> config = {},
                        Cleanup cleanup = Cleanup::kDelete) {
    TopicSpec spec;
    spec.name = name;
    spec.partitions = partitions;
    spec.config = std::move(config);
    spec.cleanup = cleanup;
    return spec;
  }

  struct Kept {
    std::int64_t offset;
    std::optional<std::string> key, value;
    bool operator==(const Kept&) const = default;
  };

  std::vector<Kept> read_all(const std::string& topic, std::int32_t partition = 0, Offset from = kEarliest) {
    auto source = *bus_->make_source({});
    EXPECT_TRUE(source->assign({{{topic, Partition(partition)}, from}}).ok());
    std::vector<Kept> kept;
    for (;;) {
      auto batch = source->poll(100, kLong);
      EXPECT_TRUE(batch.ok());
      EXPECT_TRUE(batch->errors.empty()) << batch->errors[0].status;
      for (const Record& r : batch->records) {
        Kept k{r.offset.value(), {}, {}};
        if (r.key) k.key = std::string(*r.key);
        if (r.value) k.value = std::string(*r.value);
        kept.push_back(std::move(k));
      }
      if (!batch->ends.empty() || !batch->errors.empty()) return kept;
    }
  }

  void send(const std::string& topic, const std::string& key, std::optional<std::string> value, std::int32_t partition = 0) {
    auto sink = *bus_->make_sink({});
    OutRecord record{.topic = topic, .partition = Partition(partition), .key = key};
    if (value) record.value = *value;
    const auto ticket = sink->send(record);
    ASSERT_TRUE(ticket.ok()) << ticket.status();
    ASSERT_TRUE(sink->wait_acknowledged(*ticket, kLong));
    const auto refusals = sink->take_refusals();
    ASSERT_TRUE(refusals.empty()) << refusals[0].status;
  }

  std::vector<std::filesystem::path> segments(const std::string& topic, int partition = 0) const {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(directory_ / "topics" / topic / std::to_string(partition)))
      files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
  }

  std::filesystem::path directory_;
  ManualClock clock_{from_ms(1'760'000'000'000)};
  LocalBusOptions options_;
  std::unique_ptr<LocalBus> bus_;
};

TEST_F(Local, TopicsRecordsGroupsAndTheNameSurviveClosing) {
  open();
  ASSERT_TRUE(bus_->create_topics({spec("t", 2, {{"max.message.bytes", "300"}})}).ok());
  send("t", "a", "1");
  send("t", "b", std::nullopt, 1);
  const std::string id = *bus_->cluster_id();
  {
    auto source = *bus_->make_source({.group = "a group/with %"});
    ASSERT_TRUE(source->commit({{{"t", Partition(1)}, Offset(1)}}).ok());
  }
  open();
  EXPECT_EQ(*bus_->cluster_id(), id);
  EXPECT_EQ(read_all("t", 0), (std::vector<Kept>{{0, "a", "1"}}));
  EXPECT_EQ(read_all("t", 1), (std::vector<Kept>{{0, "b", std::nullopt}}));
  auto source = *bus_->make_source({.group = "a group/with %"});
  EXPECT_EQ(*source->committed({"t", Partition(1)}), Offset(1));
  auto sink = *bus_->make_sink({});
  ASSERT_TRUE(sink->send({.topic = "t", .key = "k", .value = std::string(400, 'v')}).ok());
  EXPECT_EQ(sink->take_refusals().size(), 1u) << "the topic's limit is kept with the topic";
}

TEST_F(Local, ASecondOpenIsToldWhoHoldsTheDirectory) {
  open();
  const auto second = make_local_bus(options_);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(second.status().message().find("process " + std::to_string(::getpid())), absl::string_view::npos) << second.status();
}

TEST_F(Local, ADirectoryOfAnotherFormatIsRefused) {
  open();
  bus_.reset();
  std::ofstream(directory_ / "bus", std::ios::trunc) << "format=2\ncluster_id=x\n";
  EXPECT_EQ(make_local_bus(options_).status().code(), absl::StatusCode::kFailedPrecondition);
}

// Random appends, reads and reopenings of a bus with small segments, against a vector.
TEST_F(Local, AgreesWithAVectorThroughManyReopenings) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    std::filesystem::remove_all(directory_);
    options_.segment_bytes = 2048;
    options_.fsync = rng.below(2) == 0;
    open();
    ASSERT_TRUE(bus_->create_topics({spec("t", 3)}).ok());
    std::vector<std::vector<Kept>> model(3);
    for (int round = 0; round < 40; ++round) {
      auto sink = *bus_->make_sink({.linger = Milliseconds(static_cast<int>(rng.below(3))), .max_unacknowledged_bytes = 5000});
      std::uint64_t last = 0;
      for (auto n = rng.below(40); n > 0; --n) {
        const auto p = static_cast<std::int32_t>(rng.below(3));
        auto& log = model[static_cast<std::size_t>(p)];
        Kept kept{static_cast<std::int64_t>(log.size()), std::to_string(rng.below(10)), std::nullopt};
        if (rng.below(5) > 0) kept.value = std::string(rng.below(rng.below(20) == 0 ? 5000 : 200), static_cast<char>('a' + rng.below(26)));
        OutRecord record{.topic = "t", .partition = Partition(p), .key = *kept.key};
        if (kept.value) record.value = *kept.value;
        last = *sink->send(record);
        log.push_back(std::move(kept));
      }
      ASSERT_TRUE(sink->wait_acknowledged(last, kLong));
      if (rng.below(4) == 0) {
        sink.reset();
        open();
      }
      const auto p = rng.below(3);
      const auto& log = model[p];
      const auto from = static_cast<std::int64_t>(rng.below(log.size() + 1));
      ASSERT_EQ(read_all("t", static_cast<std::int32_t>(p), Offset(from)), std::vector<Kept>(log.begin() + from, log.end()));
    }
    EXPECT_GT(segments("t").size(), 3u) << "the test is about several segments";
  }
}

TEST_F(Local, APowerLossCutsBackToNoLessThanWhatWasAcknowledged) {
  options_.segment_bytes = 4096;
  const std::filesystem::path image = directory_.string() + "-image";
  // After a number of writes the power goes, between a write and its sync: the image is the disk at that moment.
  std::atomic<int> writes_left{1000};
  std::atomic<bool> off{false};
  std::vector<DurableFile> durable;
  options_.fail_point = [&](WriteStep step, const TopicPartition&) {
    if (step != WriteStep::kAfterWrite || writes_left-- > 0) return absl::OkStatus();
    if (!off) {
      std::filesystem::remove_all(image);
      std::filesystem::copy(directory_, image, std::filesystem::copy_options::recursive);
      durable = bus_->durable_files();
      off = true;
    }
    return retriable_error("the power is off");
  };
  Rng rng(11);
  open();
  ASSERT_TRUE(bus_->create_topics({spec("t", 1)}).ok());
  std::vector<Kept> model;
  for (int loss = 0; loss < 12; ++loss) {
    SCOPED_TRACE("loss " + std::to_string(loss));
    const std::size_t before = model.size();
    off = false;
    writes_left = static_cast<int>(rng.below(20));
    std::uint64_t acknowledged = 0;
    {
      auto sink = *bus_->make_sink({});
      for (int i = 0; !off; ++i) {
        const std::string value = std::to_string(loss) + "." + std::to_string(i) + std::string(rng.below(300), '.');
        const auto ticket = *sink->send({.topic = "t", .partition = Partition(0), .key = "k", .value = value});
        model.push_back({static_cast<std::int64_t>(model.size()), "k", value});
        if (i % 7 == 0) sink->wait_acknowledged(ticket, 5ms);
      }
      acknowledged = sink->acknowledged();
    }
    bus_.reset();
    std::filesystem::remove_all(directory_);
    std::filesystem::rename(image, directory_);
    // A random part of what was not synced is lost.
    for (const DurableFile& file : durable) {
      const auto size = std::filesystem::file_size(file.path);
      ASSERT_GE(size, file.bytes);
      std::filesystem::resize_file(file.path, file.bytes + rng.below(size - file.bytes + 1));
    }
    writes_left = 1000;
    open();
    const auto kept = read_all("t");
    ASSERT_LE(kept.size(), model.size());
    for (std::size_t i = 0; i < kept.size(); ++i) ASSERT_EQ(kept[i], model[i]);
    ASSERT_GE(kept.size(), before + acknowledged);
    model.resize(kept.size());
  }
  EXPECT_GT(segments("t").size(), 3u) << "the test is about several segments";
}

TEST_F(Local, ADiskThatRefusesDelaysRecordsAndLosesNone) {
  std::atomic<int> failures{0};
  std::atomic<WriteStep> where{WriteStep::kBeforeWrite};
  options_.fail_point = [&](WriteStep step, const TopicPartition&) {
    if (step != where || failures <= 0) return absl::OkStatus();
    --failures;
    return retriable_error("no space");
  };
  options_.segment_bytes = 1024;  // so that abandoned writes also take segments back
  open();
  ASSERT_TRUE(bus_->create_topics({spec("t", 1)}).ok());
  std::vector<Kept> expected;
  for (const WriteStep step : {WriteStep::kBeforeWrite, WriteStep::kAfterWrite, WriteStep::kAfterSync}) {
    where = step;
    failures = 2;
    auto sink = *bus_->make_sink({.linger = 1ms});
    std::uint64_t last = 0;
    for (int i = 0; i < 30; ++i) {
      const std::string value(static_cast<std::size_t>(i * 3), 'v');
      last = *sink->send({.topic = "t", .key = "k", .value = value});
      expected.push_back({static_cast<std::int64_t>(expected.size()), "k", value});
    }
    ASSERT_TRUE(sink->wait_acknowledged(last, kLong));
    EXPECT_EQ(failures, 0);
    EXPECT_TRUE(sink->connected());
  }
  EXPECT_EQ(read_all("t"), expected);
  open();
  EXPECT_EQ(read_all("t"), expected);
}

TEST_F(Local, NothingIsVisibleBeforeItIsDurable) {
  std::atomic<bool> hold{true};
  std::atomic<int> held{0};
  options_.fail_point = [&](WriteStep step, const TopicPartition&) {
    if (step != WriteStep::kAfterWrite || !hold) return absl::OkStatus();
    ++held;
    return retriable_error("not synced yet");
  };
  open();
  ASSERT_TRUE(bus_->create_topics({spec("t", 1)}).ok());
  auto sink = *bus_->make_sink({});
  auto source = *bus_->make_source({});
  const auto ticket = *sink->send({.topic = "t", .key = "k", .value = "v"});
  while (held < 2) EXPECT_FALSE(sink->wait_acknowledged(ticket, 5ms));
  EXPECT_FALSE(sink->connected());
  EXPECT_EQ(source->watermarks({"t", Partition(0)})->high, Offset(0));
  hold = false;
  EXPECT_TRUE(sink->wait_acknowledged(ticket, kLong));
  EXPECT_EQ(source->watermarks({"t", Partition(0)})->high, Offset(1));
}

TEST_F(Local, DamageInAnOldSegmentStopsThePartitionWithFileAndByteAndNotTheOthers) {
  options_.segment_bytes = 1024;
  open();
  ASSERT_TRUE(bus_->create_topics({spec("t", 2)}).ok());
  for (int i = 0; i < 40; ++i) send("t", "k", std::string(100, 'v'));
  send("t", "k", "other", 1);
  bus_.reset();
  const auto file = segments("t")[1];
  {
    std::fstream damaged(file, std::ios::in | std::ios::out | std::ios::binary);
    damaged.seekp(static_cast<std::streamoff>(kSegmentHeaderBytes + 60));
    damaged.put('X');
  }
  open();
  auto source = *bus_->make_source({});
  ASSERT_TRUE(source->assign({{{"t", Partition(0)}, kEarliest}, {{"t", Partition(1)}, kEarliest}}).ok());
  std::vector<PartitionError> errors;
  int records = 0;
  while (errors.empty()) {
    auto batch = source->poll(10, kLong);
    for (const Record& record : batch->records) records += record.partition == Partition(0);
    errors = batch->errors;
  }
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].where, (TopicPartition{"t", Partition(0)}));
  EXPECT_EQ(errors[0].status.code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(errors[0].status.message().find(file.string() + ": damaged at byte 32"), absl::string_view::npos) << errors[0].status;
  EXPECT_GT(records, 0);
  EXPECT_LT(records, 40);
  EXPECT_EQ(read_all("t", 1).size(), 1u);
}

TEST_F(Local, RetentionByTimeDropsOldSegmentsAndTheirOffsetsAreOutOfRange) {
  options_.segment_bytes = 1024;
  open();
  ASSERT_TRUE(bus_->create_topics({spec("t", 1, {{"retention.ms", "3600000"}, {"message.timestamp.type", "LogAppendTime"}})}).ok());
  for (int i = 0; i < 20; ++i) send("t", "k", std::string(100, 'v'));
  clock_.advance(2h);
  for (int i = 0; i < 20; ++i) send("t", "k", std::string(100, 'v'));
  ASSERT_TRUE(bus_->clean().ok());
  Watermarks marks;
  {
    auto source = *bus_->make_source({});
    marks = *source->watermarks({"t", Partition(0)});
    EXPECT_GT(marks.low, Offset(10));
    EXPECT_LE(marks.low, Offset(20)) << "what is young enough stays";
    EXPECT_EQ(marks.high, Offset(40));
    ASSERT_TRUE(source->assign({{{"t", Partition(0)}, Offset(0)}}).ok());
    const auto batch = *source->poll(10, kLong);
    ASSERT_EQ(batch.errors.size(), 1u);
    EXPECT_EQ(batch.errors[0].status.code(), absl::StatusCode::kOutOfRange);
  }
  open();
  EXPECT_EQ(read_all("t").front().offset, marks.low.value());
}

TEST_F(Local, RetentionByBytesKeepsTheNewest) {
  options_.segment_bytes = 1024;
  open();
  ASSERT_TRUE(bus_->create_topics({spec("t", 1, {{"retention.bytes", "3000"}})}).ok());
  for (int i = 0; i < 100; ++i) send("t", "k", std::string(100, 'v'));
  ASSERT_TRUE(bus_->clean().ok());
  std::uintmax_t bytes = 0;
  for (const auto& file : segments("t")) bytes += std::filesystem::file_size(file);
  EXPECT_LE(bytes, 3000u + 1024u);
  EXPECT_EQ(read_all("t").back().offset, 99);
}

TEST_F(Local, AQuietTopicsSegmentIsSealedByAge) {
  options_.segment_age = 1h;
  open();
  ASSERT_TRUE(bus_->create_topics({spec("t", 1)}).ok());
  send("t", "k", "1");
  clock_.advance(2h);
  send("t", "k", "2");
  EXPECT_EQ(segments("t").size(), 2u);
}

// Random keys, tombstones, cleanings and reopenings against a map of what must and what may be there.
TEST_F(Local, CompactionKeepsTheLastOfEachKeyAndEveryOffset) {
  for (const std::uint64_t seed : {5, 6}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    std::filesystem::remove_all(directory_);
    options_.segment_bytes = 1500;
    options_.fsync = false;
    open();
    ASSERT_TRUE(bus_->create_topics({spec("t", 1, {{"delete.retention.ms", "1000"}}, Cleanup::kCompact)}).ok());
    std::vector<Kept> all;
    for (int round = 0; round < 12; ++round) {
      for (int i = 0; i < 50; ++i) {
        const std::string key = std::to_string(rng.below(15));
        std::optional<std::string> value;
        if (rng.below(4) > 0) value = std::string(rng.below(80), 'v') + std::to_string(all.size());
        send("t", key, value);
        all.push_back({static_cast<std::int64_t>(all.size()), key, value});
        clock_.advance(50ms);
      }
      ASSERT_TRUE(bus_->clean().ok());
      if (rng.below(3) == 0) open();
      const auto kept = read_all("t");
      // Each record that is there is as it was written; the last of each key is there unless it is an old tombstone.
      std::map<std::string, Kept> last_kept, last_sent;
      for (std::size_t i = 0; i < kept.size(); ++i) {
        ASSERT_EQ(kept[i], all[static_cast<std::size_t>(kept[i].offset)]);
        ASSERT_GT(kept[i].offset, i > 0 ? kept[i - 1].offset : -1);
        last_kept[*kept[i].key] = kept[i];
      }
      for (const Kept& sent : all) last_sent[*sent.key] = sent;
      for (const auto& [key, sent] : last_sent) {
        if (sent.value) {
          ASSERT_EQ(last_kept[key], sent) << key;
        } else if (last_kept.contains(key)) {
          ASSERT_EQ(last_kept[key].value, std::nullopt) << key;
        }
      }
      // A position in a gap is inside of the log.
      const auto from = static_cast<std::int64_t>(rng.below(all.size()));
      for (const Kept& later : read_all("t", 0, Offset(from))) ASSERT_GE(later.offset, from);
    }
    EXPECT_LT(read_all("t").size(), all.size() / 3) << "most of it was overwritten";
    EXPECT_EQ((*bus_->make_source({}))->watermarks({"t", Partition(0)})->high, Offset(static_cast<std::int64_t>(all.size())));
  }
}

TEST_F(Local, AMergeThatACrashInterruptedIsFinishedByTheNextCleaning) {
  options_.segment_bytes = 1024;
  open();
  ASSERT_TRUE(bus_->create_topics({spec("t", 1)}).ok());
  for (int i = 0; i < 60; ++i) send("t", std::to_string(i % 6), std::string(100, 'v') + std::to_string(i));
  bus_.reset();
  // Compacted from now on: until here cleaning in the background had nothing to do.
  std::ofstream(directory_ / "topics/t/topic", std::ios::trunc) << encode_topic_spec(spec("t", 1, {}, Cleanup::kCompact));
  // The merged first file beside the parts that were to be deleted.
  std::map<std::filesystem::path, std::string> before;
  for (const auto& file : segments("t")) {
    std::ifstream in(file, std::ios::binary);
    before[file] = std::string(std::istreambuf_iterator<char>(in), {});
  }
  open();
  ASSERT_TRUE(bus_->clean().ok());
  const auto expected = read_all("t");
  bus_.reset();
  const auto after = segments("t");
  ASSERT_LT(after.size(), before.size());
  for (const auto& [file, bytes] : before)
    if (std::find(after.begin(), after.end(), file) == after.end()) std::ofstream(file, std::ios::binary) << bytes;
  std::ofstream(after.front().string() + ".tmp") << "left over";
  open();
  ASSERT_TRUE(bus_->clean().ok());
  EXPECT_EQ(read_all("t"), expected);
  EXPECT_EQ(segments("t").size(), after.size());
}

TEST_F(Local, ACompactedTopicRefusesRecordsWithoutKey) {
  open();
  ASSERT_TRUE(bus_->create_topics({spec("t", 1, {}, Cleanup::kCompact)}).ok());
  auto sink = *bus_->make_sink({});
  const auto ticket = *sink->send({.topic = "t", .value = "v"});
  EXPECT_TRUE(sink->wait_acknowledged(ticket, kLong));
  EXPECT_EQ(sink->take_refusals().at(0).status.code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(Local, SourcesAndSinksOutliveTheBus) {
  open();
  ASSERT_TRUE(bus_->create_topics({spec("t", 1)}).ok());
  auto sink = *bus_->make_sink({});
  auto source = *bus_->make_source({});
  bus_.reset();
  ASSERT_TRUE(sink->wait_acknowledged(*sink->send({.topic = "t", .key = "k", .value = "v"}), kLong));
  EXPECT_EQ(source->watermarks({"t", Partition(0)})->high, Offset(1));
}

}  // namespace
}  // namespace riffle::bus
