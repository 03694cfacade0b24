#include "app/topic_choice.h"

namespace riffle::app {

const std::array<NamedTopic, 10>& named_topics() {
  using Names = bus::TopicNames;
  static constexpr std::array<NamedTopic, 10> kTopics = {{
      {TopicWord::kEvents, "events", &Names::events, "user_id"},
      {TopicWord::kRequests, "requests", &Names::requests, "user_id"},
      {TopicWord::kUsers, "users", &Names::users, "user_id"},
      {TopicWord::kItems, "items", &Names::items, "item_id"},
      {TopicWord::kRecommendations, "recommendations", &Names::recommendations, nullptr},
      {TopicWord::kDeadLetters, "dead-letters", &Names::dead_letters, nullptr},
      {TopicWord::kOutcomes, "outcomes", &Names::outcomes, nullptr},
      {TopicWord::kEpochs, "epochs", &Names::epochs, nullptr},
      {TopicWord::kItemStats, "item-stats", &Names::item_stats, nullptr},
      {TopicWord::kPolicy, "policy", &Names::policy, nullptr},
  }};
  return kTopics;
}

const NamedTopic* find_topic(std::string_view name) {
  for (const NamedTopic& topic : named_topics())
    if (name == topic.name) return &topic;
  return nullptr;
}

std::vector<std::string> topic_words() {
  std::vector<std::string> words;
  for (const NamedTopic& topic : named_topics()) words.emplace_back(topic.name);
  return words;
}

std::vector<std::string> input_words() {
  std::vector<std::string> words;
  for (const NamedTopic& topic : named_topics())
    if (topic.key_member != nullptr) words.emplace_back(topic.name);
  return words;
}

}  // namespace riffle::app
