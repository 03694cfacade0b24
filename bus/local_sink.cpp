#include "bus/local_sink.h"

#include <chrono>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/hash.h"
#include "bus/segment_format.h"

namespace riffle::bus {

absl::StatusOr<std::uint64_t> LocalSink::send(const OutRecord& record) {
  const std::size_t bytes = frame_bytes(record);
  absl::MutexLock lock(&mutex_);
  settle();
  // One record larger than the bound goes through alone.
  while (!waiting_.empty() && unacknowledged_bytes_ + bytes > options_.max_unacknowledged_bytes) {
    const GroupCommit::Round oldest = waiting_.front().round;
    mutex_.Unlock();
    store_->commits().wait(oldest, std::chrono::steady_clock::now() + std::chrono::seconds(1));
    mutex_.Lock();
    settle();
  }
  const auto round = write(record, bytes);
  const bool environment = !round.ok() && error_class(round.status()) == ErrorClass::kRetriable;
  if (environment) return round.status();
  if (!round.ok()) {
    refusals_.push_back({std::string(record.topic), std::string(record.key.value_or("")), bytes, round.status()});
    waiting_.push_back({0, 0});  // settled as soon as those before it are
  } else {
    waiting_.push_back({*round, bytes});
    unacknowledged_bytes_ += bytes;
  }
  return settled_ + waiting_.size();
}

absl::StatusOr<GroupCommit::Round> LocalSink::write(const OutRecord& record, std::size_t bytes) {
  if (last_topic_ == nullptr || last_topic_->name != record.topic) last_topic_ = store_->topic(std::string(record.topic));
  if (last_topic_ == nullptr)
    return fatal_error(absl::StatusCode::kNotFound,
                       absl::StrCat("topic ", std::string(record.topic), " does not exist; create it first"));
  LocalTopic& topic = *last_topic_;
  if (bytes > topic.settings.max_message_bytes)
    return fatal_error(absl::StatusCode::kInvalidArgument,
                       absl::StrCat("topic ", topic.name, ": a record of ", bytes, " bytes is above its max.message.bytes, ",
                                    topic.settings.max_message_bytes));
  if (!record.key && topic.settings.log.cleanup == Cleanup::kCompact)
    return fatal_error(absl::StatusCode::kInvalidArgument,
                       absl::StrCat("topic ", topic.name, " is compacted: a record needs a key"));
  RIFFLE_ASSIGN_OR_RETURN(WritablePartition* const partition, place(topic, record));
  const TimePoint timestamp =
      topic.settings.log_append_time || !record.timestamp ? store_->clock().now() : *record.timestamp;
  return store_->commits().append(*partition, record, timestamp, options_.linger);
}

absl::StatusOr<WritablePartition*> LocalSink::place(LocalTopic& topic, const OutRecord& record) {
  const std::int32_t count = topic.settings.partitions;
  Partition partition;
  if (record.partition) {
    partition = *record.partition;
  } else if (record.key) {
    partition = murmur2_partition(*record.key, count);
  } else {
    partition = Partition(static_cast<std::int32_t>(keyless_++ % static_cast<std::uint32_t>(count)));
  }
  if (partition.value() < 0 || partition.value() >= count)
    return fatal_error(absl::StatusCode::kNotFound,
                       absl::StrCat("topic ", topic.name, " has partitions 0 to ", count - 1, ", not ", partition.value()));
  return topic.partitions[static_cast<std::size_t>(partition.value())].get();
}

void LocalSink::settle() const {
  const GroupCommit::Round durable = store_->commits().durable();
  while (!waiting_.empty() && waiting_.front().round <= durable) {
    unacknowledged_bytes_ -= waiting_.front().bytes;
    waiting_.pop_front();
    ++settled_;
  }
}

bool LocalSink::wait_acknowledged(std::uint64_t ticket, Milliseconds wait) {
  const auto until = std::chrono::steady_clock::now() + wait;
  for (;;) {
    GroupCommit::Round round = 0;
    {
      absl::MutexLock lock(&mutex_);
      settle();
      if (settled_ >= ticket) return true;
      if (settled_ + waiting_.size() < ticket) return false;  // not sent yet
      // Tickets settle in order and a refused one has no round of its own: wait for the last round up to `ticket`.
      for (std::size_t i = static_cast<std::size_t>(ticket - settled_); i-- > 0 && round == 0;) round = waiting_[i].round;
    }
    if (!store_->commits().wait(round, until)) return false;
  }
}

std::uint64_t LocalSink::acknowledged() const {
  absl::MutexLock lock(&mutex_);
  settle();
  return settled_;
}

std::vector<Refusal> LocalSink::take_refusals() {
  absl::MutexLock lock(&mutex_);
  return std::exchange(refusals_, {});
}

}  // namespace riffle::bus
