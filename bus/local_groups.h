// The groups of one process: who reads which partitions, and the offsets that groups committed.
//
// Kafka's eager protocol. A change (join, leave, new partitions) asks every member that holds something to release it;
// when nobody holds anything any more, all get their new share at once. So a partition never has two readers.
//
//   join ──► waiting ──offer──► offered ──take_news──► holding ──change──► revoking ──take_news, released──► waiting
//
// Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "bus/bus.h"
#include "bus/waiter.h"

namespace riffle::bus {

class LocalGroups {
 public:
  using MemberId = std::uint64_t;
  using PartitionCounts = std::function<std::map<std::string, std::int32_t>(const std::set<std::string>& topics)>;

  // `directory`: of the offset files; empty: in memory. `counts` answers the topics that exist.
  static absl::StatusOr<std::unique_ptr<LocalGroups>> open(std::string directory, PartitionCounts counts);

  // `waiter` is signalled when take_news() has something to say.
  MemberId join(const std::string& group, std::set<std::string> topics, std::shared_ptr<Waiter> waiter);
  void leave(const std::string& group, MemberId member);

  struct News {
    enum class Kind { kNone, kAssigned, kRevoked } kind = Kind::kNone;
    std::vector<TopicPartition> partitions;
  };
  // Each piece of news is told once. After kRevoked the member must call released().
  News take_news(const std::string& group, MemberId member);
  void released(const std::string& group, MemberId member);
  // Topics were created: groups that wait for them share anew.
  void topics_changed(const std::vector<std::string>& topics);

  void commit(const std::string& group, const std::vector<Position>& positions);
  std::optional<Offset> committed(const std::string& group, const TopicPartition& where) const;
  // Writes the offsets that changed to their files.
  absl::Status save();

 private:
  enum class Phase { kWaiting, kOffered, kHolding, kRevoking, kRevokeTold };
  struct Member {
    std::set<std::string> topics;
    std::shared_ptr<Waiter> waiter;
    Phase phase = Phase::kWaiting;
    std::vector<TopicPartition> partitions;
  };
  struct Group {
    std::map<MemberId, Member> members;
    std::map<TopicPartition, Offset> offsets;
    bool unsaved = false;
  };

  LocalGroups(std::string directory, PartitionCounts counts) : directory_(std::move(directory)), counts_(std::move(counts)) {}
  absl::Status load();
  void change(Group& group) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void share_when_free(Group& group) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string directory_;
  const PartitionCounts counts_;
  mutable absl::Mutex mutex_;
  std::map<std::string, Group> groups_ ABSL_GUARDED_BY(mutex_);
  MemberId last_member_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace riffle::bus
