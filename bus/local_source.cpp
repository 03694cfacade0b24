#include "bus/local_source.h"

#include <algorithm>
#include <chrono>
#include <set>

#include "absl/strings/str_cat.h"
#include "base/errors.h"

namespace riffle::bus {
namespace {

absl::Status no_partition(const TopicPartition& where) {
  return fatal_error(absl::StatusCode::kNotFound, absl::StrCat(where.topic, "/", where.partition.value(),
                                                               ": no such topic or partition; create the topic first"));
}

}  // namespace

LocalSource::~LocalSource() {
  clear_readers();
  if (member_) store_->groups().leave(options_.group, *member_);
}

absl::StatusOr<Batch> LocalSource::poll(std::size_t max_records, Milliseconds wait) {
  const auto until = std::chrono::steady_clock::now() + wait;
  for (;;) {
    waiter_->clear();
    const bool told = tell_news();
    Batch batch;
    gather(max_records, batch);
    const bool something = !batch.records.empty() || !batch.ends.empty() || !batch.errors.empty();
    if (something || told || woken_.exchange(false) || !waiter_->wait(until)) return batch;
  }
}

bool LocalSource::tell_news() {
  if (!member_) return false;
  LocalGroups::News news = store_->groups().take_news(options_.group, *member_);
  switch (news.kind) {
    case LocalGroups::News::Kind::kNone:
      return false;
    case LocalGroups::News::Kind::kAssigned:
      assigned_ = std::move(news.partitions);
      awaits_start_ = true;
      listener_->on_assigned(assigned_);
      return true;
    case LocalGroups::News::Kind::kRevoked:
      awaits_start_ = false;  // an assignment that was not started yet is not to be started any more
      awaits_release_ = true;
      listener_->on_revoked(news.partitions);
      return true;
  }
  return false;
}

void LocalSource::gather(std::size_t max_records, Batch& batch) {
  batch.errors = std::exchange(errors_, {});
  auto memory = std::make_shared<std::vector<std::shared_ptr<const void>>>();
  const std::size_t n = readers_.size();
  if (n > 0) first_ = (first_ + 1) % n;
  for (std::size_t i = 0; i < n; ++i) {
    Reader& reader = readers_[(first_ + i) % n];
    if (reader.paused || reader.failed) continue;
    if (batch.records.size() >= max_records) break;
    read(reader, max_records - batch.records.size(), batch, *memory);
  }
  memory->push_back(store_);  // topic names
  batch.memory = std::move(memory);
}

void LocalSource::read(Reader& reader, std::size_t max_records, Batch& batch,
                       std::vector<std::shared_ptr<const void>>& memory) {
  const std::size_t before = batch.records.size();
  const auto result = reader.log->read(reader.next, max_records, batch.records, memory);
  if (!result.ok()) {
    reader.failed = true;
    batch.errors.push_back({reader.where, result.status()});
    return;
  }
  if (batch.records.size() > before) reader.end_said = false;
  reader.next = result->next;
  if (result->at_end && !reader.end_said) {
    reader.end_said = true;
    batch.ends.push_back(reader.where);
  }
}

void LocalSource::clear_readers() {
  for (const Reader& reader : readers_)
    if (reader.log != nullptr) reader.log->remove_waiter(waiter_.get());
  readers_.clear();
  errors_.clear();
  first_ = 0;
}

void LocalSource::set_readers(const std::vector<Position>& positions) {
  clear_readers();
  for (const Position& position : positions) {
    Reader reader{position.where, store_->log(position.where), position.offset};
    if (reader.log == nullptr) {
      reader.failed = true;
      errors_.push_back({position.where, no_partition(position.where)});
    } else {
      if (position.offset == kEarliest) reader.next = reader.log->watermarks().low;
      if (position.offset == kLatest) reader.next = reader.log->watermarks().high;
      reader.log->add_waiter(waiter_);
    }
    readers_.push_back(std::move(reader));
  }
}

absl::Status LocalSource::assign(const std::vector<Position>& positions) {
  if (member_) return absl::FailedPreconditionError("assign: this source subscribed to a group; make another one");
  set_readers(positions);
  return absl::OkStatus();
}

absl::Status LocalSource::subscribe(const std::vector<std::string>& topics, RebalanceListener* listener) {
  if (options_.group.empty()) return absl::InvalidArgumentError("subscribe: the source was made without a group");
  if (member_ || !readers_.empty()) return absl::FailedPreconditionError("subscribe: this source is already assigned or subscribed");
  listener_ = listener;
  for (const std::string& topic : topics)
    if (store_->topic(topic) == nullptr) errors_.push_back({{topic, Partition(-1)}, no_partition({topic, Partition(-1)})});
  member_ = store_->groups().join(options_.group, {topics.begin(), topics.end()}, waiter_);
  return absl::OkStatus();
}

absl::Status LocalSource::start(const std::vector<Position>& positions) {
  if (!awaits_start_) return absl::FailedPreconditionError("start: no assignment waits for its positions (revoked meanwhile?)");
  std::set<TopicPartition> given;
  for (const Position& position : positions) given.insert(position.where);
  if (given != std::set<TopicPartition>(assigned_.begin(), assigned_.end()))
    return absl::InvalidArgumentError(absl::StrCat("start: positions of ", given.size(), " partitions do not answer the ",
                                                   assigned_.size(), " assigned ones"));
  awaits_start_ = false;
  set_readers(positions);
  return absl::OkStatus();
}

absl::Status LocalSource::release() {
  if (!awaits_release_) return absl::FailedPreconditionError("release: nothing was revoked");
  awaits_release_ = false;
  assigned_.clear();
  clear_readers();
  store_->groups().released(options_.group, *member_);
  return absl::OkStatus();
}

absl::Status LocalSource::set_paused(const std::vector<TopicPartition>& partitions, bool paused) {
  for (const TopicPartition& where : partitions) {
    const auto reader = std::find_if(readers_.begin(), readers_.end(), [&](const Reader& r) { return r.where == where; });
    if (reader == readers_.end())
      return absl::NotFoundError(absl::StrCat(where.topic, "/", where.partition.value(), ": not assigned to this source"));
    reader->paused = paused;
  }
  return absl::OkStatus();
}

absl::Status LocalSource::pause(const std::vector<TopicPartition>& partitions) { return set_paused(partitions, true); }
absl::Status LocalSource::resume(const std::vector<TopicPartition>& partitions) { return set_paused(partitions, false); }

absl::Status LocalSource::commit(const std::vector<Position>& positions) {
  if (options_.group.empty()) return absl::InvalidArgumentError("commit: the source was made without a group");
  store_->groups().commit(options_.group, positions);
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Offset>> LocalSource::committed(const TopicPartition& where) {
  if (options_.group.empty()) return absl::InvalidArgumentError("committed: the source was made without a group");
  return store_->groups().committed(options_.group, where);
}

absl::StatusOr<Watermarks> LocalSource::watermarks(const TopicPartition& where) {
  const PartitionLog* log = store_->log(where);
  if (log == nullptr) return no_partition(where);
  return log->watermarks();
}

void LocalSource::wake() {
  woken_.store(true);
  waiter_->signal();
}

}  // namespace riffle::bus
