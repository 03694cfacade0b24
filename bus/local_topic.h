// A topic of the local bus: its settings, as given by a TopicSpec and kept in the topic's file, and its partitions.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bus/bus.h"
#include "bus/group_commit.h"
#include "bus/local_bus.h"

namespace riffle::bus {

// What a TopicSpec means to the local bus. InvalidArgument names the topic and the setting that it does not understand.
struct TopicSettings {
  std::int32_t partitions = 1;
  std::size_t max_message_bytes = 1048588;  // Kafka's default: 1 MiB and the overhead of its batch
  bool log_append_time = false;
  LogSettings log;                          // but its directory

  static absl::StatusOr<TopicSettings> from_spec(const TopicSpec& spec, const LocalBusOptions& options);
};

// Kafka's rule: letters, digits, '.', '_', '-', at most 249.
absl::Status check_topic_name(std::string_view name);

// The topic's file: `key=value` lines, format first. It holds the spec, so that defaults may change with the bus's options.
std::string encode_topic_spec(const TopicSpec& spec);
absl::StatusOr<TopicSpec> decode_topic_spec(const std::string& name, std::string_view bytes);

struct LocalTopic {
  std::string name;
  TopicSettings settings;
  std::vector<std::unique_ptr<WritablePartition>> partitions;
};

// `directory`: the topic's; empty in memory.
absl::StatusOr<std::unique_ptr<LocalTopic>> open_topic(const TopicSpec& spec, const LocalBusOptions& options,
                                                       const std::string& directory, TimePoint now);

}  // namespace riffle::bus
