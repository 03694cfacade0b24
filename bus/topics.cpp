#include "bus/topics.h"

namespace riffle::bus {

TopicNames::TopicNames(const std::string& prefix)
    : events(prefix + "events"),
      requests(prefix + "requests"),
      users(prefix + "users"),
      items(prefix + "items"),
      recommendations(prefix + "recommendations"),
      dead_letters(prefix + "dead-letters"),
      outcomes(prefix + "outcomes"),
      epochs(prefix + "epochs"),
      item_stats(prefix + "item-stats"),
      policy(prefix + "policy") {}

std::vector<TopicSpec> riffle_topics(const TopicsOptions& options) {
  const TopicNames names(options.prefix);
  const auto topic = [&](const std::string& name, std::int32_t partitions, Cleanup cleanup) {
    TopicSpec spec;
    spec.name = name;
    spec.partitions = partitions;
    spec.replication_factor = options.replication_factor;
    spec.cleanup = cleanup;
    if (cleanup == Cleanup::kDelete) spec.retention = options.retention;
    spec.config["max.message.bytes"] = std::to_string(options.max_message_bytes);
    spec.config["message.timestamp.type"] = "LogAppendTime";
    return spec;
  };
  TopicSpec epochs = topic(names.epochs, options.partitions, Cleanup::kDelete);
  epochs.retention = options.epochs_retention;
  return {
      topic(names.events, options.partitions, Cleanup::kDelete),
      topic(names.requests, options.partitions, Cleanup::kDelete),
      topic(names.users, options.partitions, Cleanup::kCompact),
      topic(names.items, options.items_partitions, Cleanup::kCompact),
      topic(names.recommendations, options.partitions, Cleanup::kDelete),
      topic(names.dead_letters, options.partitions, Cleanup::kDelete),
      topic(names.outcomes, options.partitions, Cleanup::kDelete),
      epochs,
      topic(names.item_stats, options.partitions, Cleanup::kCompact),
      topic(names.policy, 1, Cleanup::kCompact),
  };
}

}  // namespace riffle::bus
