#include "bus/kafka_admin.h"

#include <chrono>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/log.h"

namespace riffle::bus {
namespace {

template <auto destroy>
struct Deleter {
  template <class T>
  void operator()(T* object) const { destroy(object); }
};
using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, Deleter<rd_kafka_NewTopic_destroy>>;
using AdminOptions = std::unique_ptr<rd_kafka_AdminOptions_t, Deleter<rd_kafka_AdminOptions_destroy>>;
using Queue = std::unique_ptr<rd_kafka_queue_t, Deleter<rd_kafka_queue_destroy>>;
using Event = std::unique_ptr<rd_kafka_event_t, Deleter<rd_kafka_event_destroy>>;

absl::Status other_partitions(const TopicSpec& spec, std::int32_t partitions) {
  return fatal_error(absl::StatusCode::kFailedPrecondition,
                     absl::StrCat("topic ", spec.name, " exists with ", partitions, " partitions, not ", spec.partitions,
                                  "; configure ", partitions, ", or use another namespace"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<KafkaAdmin>> KafkaAdmin::make(const KafkaOptions& options) {
  std::unique_ptr<KafkaAdmin> admin(new KafkaAdmin());
  RIFFLE_ASSIGN_OR_RETURN(admin->handle_, KafkaHandle::make(RD_KAFKA_PRODUCER, options,
                                                            {{"client.id", "riffle-admin"}, {"allow.auto.create.topics", "false"}},
                                                            admin.get()));
  return admin;
}

void KafkaAdmin::on_error(rd_kafka_resp_err_t code, const std::string& message) {
  log::debug("Kafka admin: {} ({})", message, rd_kafka_err2name(code));  // the call that needs the broker says it
}

absl::Status KafkaAdmin::create_topics(const std::vector<TopicSpec>& topics) {
  std::vector<TopicSpec> missing;
  for (const TopicSpec& spec : topics) {
    RIFFLE_ASSIGN_OR_RETURN(const auto info, describe(spec.name));
    if (!info) {
      missing.push_back(spec);
    } else if (info->partitions != spec.partitions) {
      return other_partitions(spec, info->partitions);
    }
  }
  if (missing.empty()) return absl::OkStatus();
  RIFFLE_RETURN_IF_ERROR(create(missing));
  return await_visible(missing);
}

absl::Status KafkaAdmin::create(const std::vector<TopicSpec>& topics) {
  char reason[512];
  std::vector<NewTopic> owned;
  std::vector<rd_kafka_NewTopic_t*> requests;
  for (const TopicSpec& spec : topics) {
    NewTopic topic(rd_kafka_NewTopic_new(spec.name.c_str(), spec.partitions, spec.replication_factor, reason, sizeof reason));
    if (!topic) return absl::InvalidArgumentError(absl::StrCat("topic ", spec.name, ": ", reason));
    rd_kafka_NewTopic_set_config(topic.get(), "cleanup.policy", spec.cleanup == Cleanup::kCompact ? "compact" : "delete");
    if (spec.retention) rd_kafka_NewTopic_set_config(topic.get(), "retention.ms", std::to_string(spec.retention->count()).c_str());
    for (const auto& [name, value] : spec.config) rd_kafka_NewTopic_set_config(topic.get(), name.c_str(), value.c_str());
    requests.push_back(topic.get());
    owned.push_back(std::move(topic));
  }
  const AdminOptions options(rd_kafka_AdminOptions_new(handle_->get(), RD_KAFKA_ADMIN_OP_CREATETOPICS));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), handle_->timeout_ms(), reason, sizeof reason);
  rd_kafka_AdminOptions_set_operation_timeout(options.get(), handle_->timeout_ms(), reason, sizeof reason);
  const Queue queue(rd_kafka_queue_new(handle_->get()));
  rd_kafka_CreateTopics(handle_->get(), requests.data(), requests.size(), options.get(), queue.get());
  const Event event(rd_kafka_queue_poll(queue.get(), handle_->timeout_ms() + 1000));
  if (!event) return handle_->error("create topics", RD_KAFKA_RESP_ERR__TIMED_OUT);
  if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return handle_->error("create topics", rd_kafka_event_error(event.get()), rd_kafka_event_error_string(event.get()));
  std::size_t count = 0;
  const auto results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const rd_kafka_resp_err_t code = rd_kafka_topic_result_error(results[i]);
    // Another worker made it meanwhile: await_visible() compares.
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) continue;
    const char* detail = rd_kafka_topic_result_error_string(results[i]);
    return handle_->error(absl::StrCat("create topic ", rd_kafka_topic_result_name(results[i])), code, detail != nullptr ? detail : "");
  }
  return absl::OkStatus();
}

// The brokers hear of a new topic one after the other.
absl::Status KafkaAdmin::await_visible(const std::vector<TopicSpec>& topics) {
  const auto until = std::chrono::steady_clock::now() + handle_->options().request_timeout;
  for (const TopicSpec& spec : topics) {
    for (;;) {
      RIFFLE_ASSIGN_OR_RETURN(const auto info, describe(spec.name));
      if (info && info->partitions != spec.partitions) return other_partitions(spec, info->partitions);
      if (info) break;
      if (std::chrono::steady_clock::now() >= until)
        return handle_->error(absl::StrCat("await topic ", spec.name), RD_KAFKA_RESP_ERR__TIMED_OUT);
      rd_kafka_poll(handle_->get(), 20);  // a pause between questions, spent on callbacks
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<TopicInfo>> KafkaAdmin::describe(const std::string& topic) {
  const auto until = std::chrono::steady_clock::now() + handle_->options().request_timeout;
  for (;;) {
    std::int32_t partitions = 0;
    const rd_kafka_resp_err_t answer = handle_->ask_partitions(topic, handle_->timeout_ms(), partitions);
    rd_kafka_poll(handle_->get(), 0);
    if (answer == RD_KAFKA_RESP_ERR_NO_ERROR) return std::optional<TopicInfo>(TopicInfo{partitions});
    if (answer == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return std::optional<TopicInfo>();
    const bool settling = answer == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
    if (!settling || std::chrono::steady_clock::now() >= until) return handle_->error(absl::StrCat("describe ", topic), answer);
    rd_kafka_poll(handle_->get(), 20);
  }
}

absl::StatusOr<std::string> KafkaAdmin::cluster_id() {
  char* id = rd_kafka_clusterid(handle_->get(), handle_->timeout_ms());
  rd_kafka_poll(handle_->get(), 0);
  if (id == nullptr) return handle_->error("ask for the cluster's id", RD_KAFKA_RESP_ERR__TIMED_OUT);
  std::string text(id);
  rd_kafka_mem_free(handle_->get(), id);
  return text;
}

}  // namespace riffle::bus
