// Where the Kafka sink's records wait: a lane for each partition of a topic, and what leaves it when.
#include <algorithm>
#include <chrono>
#include <utility>

#include "base/hash.h"
#include "bus/kafka_sink.h"

namespace riffle::bus {
namespace {

// librdkafka 2.0.2 sends no request of a partition while five of its messages are in flight (it counts messages where its limit
// is one of requests), and as long as others of it wait, its thread polls without a timeout: it took half a core, and all the
// more the less the broker had. So what comes later waits here: after the records of so long and so many bytes, a request's,
// until few of its lane are in flight; but not for long, as a lane whose topic's partitions are not known yet may be for another
// broker than the one that does not answer.
constexpr std::chrono::microseconds kGathering{200};
constexpr std::size_t kGathered = 1'000'000;  // a batch of librdkafka's
constexpr std::size_t kFewInFlight = 4;
constexpr std::chrono::milliseconds kLongestWait{50};
// While there is no answer the wait for it is doubled, up to this: the broker may be far.
constexpr int kLongestAnswerMs = 1600;
constexpr std::chrono::seconds kAskAgain{1};
constexpr std::chrono::minutes kAskAnew{5};  // it may have got more; as often as Java's clients (metadata.max.age.ms)
// After that long a broker may have forgotten a producer (producer.id.expiration.ms, a day by default).
constexpr std::chrono::minutes kForgotten{1};

}  // namespace

KafkaSink::Topic& KafkaSink::topic_of(std::string_view name) {
  auto topic = topics_.find(name);
  if (topic == topics_.end()) {
    topic = topics_.try_emplace(std::string(name)).first;
    topic->second.name = topic->first;
  }
  return topic->second;
}

KafkaSink::Lane& KafkaSink::lane_of(Topic& topic, const Outgoing& record) {
  std::optional<Partition> partition = record.partition;
  if (!partition) topic.keyed = true;
  if (!partition && topic.partitions > 0)
    partition = record.key_bytes >= 0 ? murmur2_partition(record.key(), topic.partitions)
                                      : Partition(static_cast<std::int32_t>(topic.keyless++ % static_cast<std::uint32_t>(topic.partitions)));
  Lane& lane = topic.lanes[partition];
  lane.topic = &topic;
  lane.partition = partition;
  return lane;
}

// Asks the brokers how many partitions the topics have whose records keys place.
void KafkaSink::learn_partitions() {
  const auto now = std::chrono::steady_clock::now();
  std::vector<Topic*> unknown;
  std::shared_ptr<KafkaHandle> producer;
  {
    absl::MutexLock lock(&mutex_);
    for (auto& [name, topic] : topics_)
      if (topic.keyed && now >= topic.ask_at) unknown.push_back(&topic);
    producer = producer_;
  }
  for (Topic* topic : unknown) {
    std::int32_t partitions = 0;
    const rd_kafka_resp_err_t code = producer->ask_partitions(topic->name, answer_ms_, partitions);
    const bool told = code == RD_KAFKA_RESP_ERR_NO_ERROR;
    if (told) answer_ms_ = kAnswerMs;
    if (code == RD_KAFKA_RESP_ERR__TIMED_OUT) answer_ms_ = std::min(2 * answer_ms_, kLongestAnswerMs);
    absl::MutexLock lock(&mutex_);
    if (stopping_) return;
    topic->ask_at = now + (told ? std::chrono::seconds(kAskAnew) : kAskAgain);
    if (!told || partitions == topic->partitions) continue;
    topic->partitions = partitions;
    queue_anew();
  }
}

// All that librdkafka does not have, in order, where its lanes are others now.
void KafkaSink::queue_anew() {
  for (auto& [name, topic] : topics_)
    for (auto& [partition, lane] : topic.lanes) lane.waiting.clear();
  for (Outgoing& record : records_) {
    if (record.state != State::kQueued) continue;
    record.lane = &lane_of(*record.lane->topic, record);
    record.lane->waiting.push_back(&record);
  }
}

void KafkaSink::pump_all() {
  for (auto& [name, topic] : topics_)
    for (auto& [partition, lane] : topic.lanes) pump(lane);
}

// Gives librdkafka what it does not have yet, in order. A record that must go alone waits for those before it, and those after it
// wait for it.
void KafkaSink::pump(Lane& lane) {
  Topic& topic = *lane.topic;
  while (!replacing_ && !lane.waiting.empty()) {
    Outgoing& record = *lane.waiting.front();
    const SteadyTime now = std::chrono::steady_clock::now();
    if (waits_to_be_met(lane, now) || waits_for_deliveries(lane, now)) return;
    if ((record.alone || lane.last_alone) && lane.in_flight > 0) return;
    const rd_kafka_resp_err_t code = produce(record);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      record.state = State::kInFlight;
      ++lane.in_flight;
      ++topic.in_flight;
      lane.gathered_bytes += record.bytes.size();
    } else if (is_misplaced(record, code)) {
      return place_again(topic);
    } else if (is_refusal(code)) {
      refuse(record, code);
    } else {
      return;  // its queue is full, or it is beyond repair: the delivery thread goes on
    }
    lane.last_alone = record.alone;
    lane.waiting.pop_front();
  }
}

// The topic has fewer partitions than it had: it was made anew.
bool KafkaSink::is_misplaced(const Outgoing& record, rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION && !record.partition && record.lane->partition;
}

void KafkaSink::place_again(Topic& topic) {
  topic.partitions = 0;
  topic.ask_at = {};
  queue_anew();
}

// A broker takes any sequence number as the first of a producer that its partition does not know, and librdkafka takes the
// success of a batch for that of those before it. Where the first batch fails for a moment, as on a topic just made, and the
// second, in flight behind it, does not, the first would be lost and reported as delivered (librdkafka 2.0.2, Kafka 4.3). So
// the first record goes alone until it is acknowledged; so does each one that librdkafka places.
bool KafkaSink::waits_to_be_met(const Lane& lane, SteadyTime now) {
  const Topic& topic = *lane.topic;
  if (!lane.partition) return topic.in_flight > 0;
  if (lane.acknowledged_at && now < *lane.acknowledged_at + kForgotten) return false;
  const auto unplaced = topic.lanes.find(std::nullopt);
  return lane.in_flight > 0 || (unplaced != topic.lanes.end() && unplaced->second.in_flight > 0);
}

// What is sent together goes together: gathering begins anew with each record that meets few in flight.
bool KafkaSink::waits_for_deliveries(Lane& lane, SteadyTime now) {
  if (lane.in_flight < kFewInFlight || now > lane.gathers_until + kLongestWait) {
    lane.gathers_until = now + std::max<std::chrono::microseconds>(kGathering, options_.linger / 2);
    lane.gathered_bytes = 0;
  }
  return now > lane.gathers_until || lane.gathered_bytes >= kGathered;
}

}  // namespace riffle::bus
