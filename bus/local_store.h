// What an open local bus is, behind its sources and sinks: topics, groups, the writing thread and the cleaning thread.
// They share it; the last one of them closes it. Any thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "bus/files.h"
#include "bus/group_commit.h"
#include "bus/local_bus.h"
#include "bus/local_groups.h"
#include "bus/local_topic.h"

namespace riffle::bus {

class LocalStore {
 public:
  static absl::StatusOr<std::shared_ptr<LocalStore>> open(LocalBusOptions options);
  ~LocalStore();

  absl::Status create_topics(const std::vector<TopicSpec>& specs);
  // Null where there is none. Topics stay as long as the store.
  LocalTopic* topic(const std::string& name) const;
  PartitionLog* log(const TopicPartition& where) const;
  const std::string& cluster_id() const { return cluster_id_; }
  const Clock& clock() const { return *options_.clock; }

  GroupCommit& commits() { return *commits_; }
  LocalGroups& groups() { return *groups_; }

  std::vector<DurableFile> durable_files() const;
  absl::Status clean();

 private:
  explicit LocalStore(LocalBusOptions options) : options_(std::move(options)) {}
  absl::Status open_directory();
  absl::Status open_topics();
  std::string topic_directory(const std::string& name) const;
  std::map<std::string, std::int32_t> partition_counts(const std::set<std::string>& topics) const;
  void request_cleaning(PartitionLog* log);
  void run_cleaning();
  std::vector<PartitionLog*> logs() const;

  LocalBusOptions options_;
  SystemClock system_clock_;
  FileDescriptor lock_;
  std::string cluster_id_;

  absl::Mutex creating_;  // one create_topics at a time; taken before mutex_
  mutable absl::Mutex mutex_;
  std::map<std::string, std::unique_ptr<LocalTopic>> topics_ ABSL_GUARDED_BY(mutex_);

  std::unique_ptr<LocalGroups> groups_;

  absl::Mutex cleaning_now_;  // a log is cleaned by one thread at a time
  absl::Mutex cleaning_;
  absl::CondVar cleaning_wanted_;
  std::set<PartitionLog*> to_clean_ ABSL_GUARDED_BY(cleaning_);
  bool stopping_ ABSL_GUARDED_BY(cleaning_) = false;
  std::thread cleaner_;

  std::unique_ptr<GroupCommit> commits_;
};

}  // namespace riffle::bus
