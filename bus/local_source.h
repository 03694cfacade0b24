// The local bus's Source: reads partition logs at its own positions; no queue in between, so nothing is prefetched, and a
// batch's records are views into the segments' mappings.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bus/bus.h"
#include "bus/local_store.h"
#include "bus/waiter.h"

namespace riffle::bus {

class LocalSource final : public Source {
 public:
  LocalSource(std::shared_ptr<LocalStore> store, const SourceOptions& options) : store_(std::move(store)), options_(options) {}
  ~LocalSource() override;

  absl::StatusOr<Batch> poll(std::size_t max_records, Milliseconds wait) override;
  absl::Status assign(const std::vector<Position>& positions) override;
  absl::Status subscribe(const std::vector<std::string>& topics, RebalanceListener* listener) override;
  absl::Status start(const std::vector<Position>& positions) override;
  absl::Status release() override;
  absl::Status pause(const std::vector<TopicPartition>& partitions) override;
  absl::Status resume(const std::vector<TopicPartition>& partitions) override;
  absl::Status commit(const std::vector<Position>& positions) override;
  absl::StatusOr<std::optional<Offset>> committed(const TopicPartition& where) override;
  absl::StatusOr<Watermarks> watermarks(const TopicPartition& where) override;
  bool connected() const override { return store_->commits().healthy(); }
  void wake() override;

 private:
  struct Reader {
    TopicPartition where;
    PartitionLog* log = nullptr;  // null: no such partition
    Offset next;
    bool paused = false;
    bool end_said = false;
    bool failed = false;
  };

  void set_readers(const std::vector<Position>& positions);
  void clear_readers();
  bool tell_news();
  void gather(std::size_t max_records, Batch& batch);
  void read(Reader& reader, std::size_t max_records, Batch& batch, std::vector<std::shared_ptr<const void>>& memory);
  absl::Status set_paused(const std::vector<TopicPartition>& partitions, bool paused);

  const std::shared_ptr<LocalStore> store_;
  const SourceOptions options_;
  const std::shared_ptr<Waiter> waiter_ = std::make_shared<Waiter>();
  std::atomic<bool> woken_{false};

  std::vector<Reader> readers_;
  std::size_t first_ = 0;  // whose turn it is to be read first
  std::vector<PartitionError> errors_;

  std::optional<LocalGroups::MemberId> member_;
  RebalanceListener* listener_ = nullptr;
  std::vector<TopicPartition> assigned_;  // told to the listener and not yet revoked
  bool awaits_start_ = false;
  bool awaits_release_ = false;
};

}  // namespace riffle::bus
