// What an operator does to topics, and Riffle never: delete them, or records from their beginning, as retention does.
#pragma once

#include <librdkafka/rdkafka.h>

#include <map>
#include <memory>
#include <string>

#include "base/check.h"

namespace riffle::testing {

class TopicAdmin {
 public:
  explicit TopicAdmin(const std::map<std::string, std::string>& properties) {
    char reason[512];
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    for (const auto& [name, value] : properties)
      RIFFLE_CHECK(rd_kafka_conf_set(conf, name.c_str(), value.c_str(), reason, sizeof reason) == RD_KAFKA_CONF_OK, reason);
    handle_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason));
    RIFFLE_CHECK(handle_ != nullptr, reason);
  }

  // Empty, or what went wrong.
  std::string delete_topic(const std::string& name) {
    rd_kafka_DeleteTopic_t* topic = rd_kafka_DeleteTopic_new(name.c_str());
    const std::string result = call(RD_KAFKA_ADMIN_OP_DELETETOPICS, [&](rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
      rd_kafka_DeleteTopics(handle_.get(), &topic, 1, options, queue);
    });
    rd_kafka_DeleteTopic_destroy(topic);
    return result;
  }

  // Everything of a partition below `offset`.
  std::string delete_records(const std::string& topic, std::int32_t partition, std::int64_t offset) {
    rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic.c_str(), partition)->offset = offset;
    rd_kafka_DeleteRecords_t* records = rd_kafka_DeleteRecords_new(list);
    const std::string result = call(RD_KAFKA_ADMIN_OP_DELETERECORDS, [&](rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
      rd_kafka_DeleteRecords(handle_.get(), &records, 1, options, queue);
    });
    rd_kafka_DeleteRecords_destroy(records);
    rd_kafka_topic_partition_list_destroy(list);
    return result;
  }

 private:
  struct Destroy {
    void operator()(rd_kafka_t* handle) const { rd_kafka_destroy(handle); }
  };

  template <class F>
  std::string call(rd_kafka_admin_op_t operation, const F& begin) {
    char reason[512];
    rd_kafka_AdminOptions_t* options = rd_kafka_AdminOptions_new(handle_.get(), operation);
    rd_kafka_AdminOptions_set_request_timeout(options, 20000, reason, sizeof reason);
    rd_kafka_AdminOptions_set_operation_timeout(options, 20000, reason, sizeof reason);
    rd_kafka_queue_t* queue = rd_kafka_queue_new(handle_.get());
    begin(options, queue);
    rd_kafka_event_t* event = rd_kafka_queue_poll(queue, 30000);
    std::string result = "no answer";
    if (event != nullptr) {
      result = rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR ? "" : rd_kafka_event_error_string(event);
      rd_kafka_event_destroy(event);
    }
    rd_kafka_queue_destroy(queue);
    rd_kafka_AdminOptions_destroy(options);
    return result;
  }

  std::unique_ptr<rd_kafka_t, Destroy> handle_;
};

}  // namespace riffle::testing
