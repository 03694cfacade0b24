// The local bus's Sink. Its records go to GroupCommit; it keeps only which round will settle which ticket.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "bus/bus.h"
#include "bus/local_store.h"

namespace riffle::bus {

class LocalSink final : public Sink {
 public:
  LocalSink(std::shared_ptr<LocalStore> store, const SinkOptions& options) : store_(std::move(store)), options_(options) {}

  absl::StatusOr<std::uint64_t> send(const OutRecord& record) override;
  bool wait_acknowledged(std::uint64_t ticket, Milliseconds wait) override;
  std::uint64_t acknowledged() const override;
  std::vector<Refusal> take_refusals() override;
  bool connected() const override { return store_->commits().healthy(); }

 private:
  struct Ticket {
    GroupCommit::Round round;
    std::size_t bytes;
  };

  absl::StatusOr<GroupCommit::Round> write(const OutRecord& record, std::size_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<WritablePartition*> place(LocalTopic& topic, const OutRecord& record) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void settle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::shared_ptr<LocalStore> store_;
  const SinkOptions options_;

  mutable absl::Mutex mutex_;
  mutable std::deque<Ticket> waiting_ ABSL_GUARDED_BY(mutex_);  // of the tickets settled_ + 1, settled_ + 2, …
  mutable std::uint64_t settled_ ABSL_GUARDED_BY(mutex_) = 0;
  mutable std::size_t unacknowledged_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<Refusal> refusals_ ABSL_GUARDED_BY(mutex_);
  std::uint32_t keyless_ ABSL_GUARDED_BY(mutex_) = 0;  // spreads records without a key
  LocalTopic* last_topic_ ABSL_GUARDED_BY(mutex_) = nullptr;  // saves a look-up for runs of one topic
};

}  // namespace riffle::bus
