// Riffle's topics by the words that people type, without the namespace's prefix.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "bus/topics.h"

namespace riffle::app {

enum class TopicWord {
  kEvents,
  kRequests,
  kUsers,
  kItems,
  kRecommendations,
  kDeadLetters,
  kOutcomes,
  kEpochs,
  kItemStats,
  kPolicy
};

struct NamedTopic {
  TopicWord word;
  const char* name;                     // "dead-letters"
  std::string bus::TopicNames::*topic;  // where its whole name is
  const char*
      key_member;  // the JSON member that its records are keyed by; null: nobody publishes by hand
};

const std::array<NamedTopic, 10>& named_topics();
// Null where there is none of that name.
const NamedTopic* find_topic(std::string_view name);

// For the parser and its messages: of all topics, or of those that a shop publishes to.
std::vector<std::string> topic_words();
std::vector<std::string> input_words();

}  // namespace riffle::app
