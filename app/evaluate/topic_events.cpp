#include "app/evaluate/topic_events.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/errors.h"

namespace riffle::app {

absl::StatusOr<std::unique_ptr<TopicEvents>> TopicEvents::open(bus::Bus& bus, const bus::TopicNames& topics,
                                                               const ingest::AdmissionOptions& admission) {
  std::unique_ptr<TopicEvents> log(new TopicEvents(admission));
  const auto partitions_of = [&](const std::string& topic) -> absl::StatusOr<std::int32_t> {
    RIFFLE_ASSIGN_OR_RETURN(const auto info, bus.describe(topic));
    if (!info)
      return absl::NotFoundError(absl::StrCat("there is no topic ", topic,
                                              ": is it another namespace (topics.prefix), or has `riffle topics create` "
                                              "never been here?"));
    return info->partitions;
  };
  RIFFLE_ASSIGN_OR_RETURN(const std::int32_t partitions, partitions_of(topics.events));
  for (std::int32_t p = 0; p < partitions; ++p) {
    RIFFLE_ASSIGN_OR_RETURN(auto reader,
                            replay::PartitionReader::open(bus, {topics.events, Partition(p)}, bus::kEarliest));
    if (reader.low() > Offset(0))
      log->problems_.push_back(
          absl::StrCat(topics.events, "/", p, ": the first ", reader.low().value(), " records are no longer in the log"));
    log->lanes_.emplace_back(std::move(reader), admission, partitions);
  }
  RIFFLE_ASSIGN_OR_RETURN(const std::int32_t of_items, partitions_of(topics.items));
  for (std::int32_t p = 0; p < of_items; ++p) {
    RIFFLE_ASSIGN_OR_RETURN(auto reader,
                            replay::PartitionReader::open(bus, {topics.items, Partition(p)}, bus::kEarliest));
    log->items_.push_back(std::move(reader));
  }
  for (Lane& lane : log->lanes_) RIFFLE_RETURN_IF_ERROR(log->advance(lane));
  return log;
}

absl::Status TopicEvents::advance(Lane& lane) {
  while (true) {
    RIFFLE_ASSIGN_OR_RETURN(const bus::Record* record, lane.reader.next());
    if (!record) {
      lane.over = true;
      return absl::OkStatus();
    }
    if (const auto reason = lane.admission.admit_event(*record, lane.newest, lane.event)) {
      refuse(lane.reader.where(), *record, *reason);
      continue;
    }
    if (!lane.event.timestamp) lane.event.timestamp = record->timestamp;
    lane.published = record->timestamp;
    lane.newest = std::max(lane.newest, *lane.event.timestamp);
    return absl::OkStatus();
  }
}

absl::StatusOr<TopicEvents::Kind> TopicEvents::next() {
  if (given_) RIFFLE_RETURN_IF_ERROR(advance(*std::exchange(given_, nullptr)));
  Lane* first = nullptr;
  for (Lane& lane : lanes_)
    if (!lane.over && (!first || lane.newest < first->newest)) first = &lane;
  RIFFLE_ASSIGN_OR_RETURN(const bool item, next_item(first ? first->published : TimePoint::max()));
  if (item) return Kind::kItem;
  if (!first) return Kind::kEnd;
  given_ = first;
  ++events_given_;
  return Kind::kEvent;
}

absl::StatusOr<bool> TopicEvents::next_item(TimePoint published) {
  for (replay::PartitionReader& reader : items_) {
    while (true) {
      RIFFLE_ASSIGN_OR_RETURN(const bus::Record* record, reader.peek());
      if (!record || record->timestamp > published) break;
      const auto reason = item_admission_.admit_item(*record, item_);
      if (reason) refuse(reader.where(), *record, *reason);
      const bool described = !reason && record->value;
      items_deleted_ += !reason && !record->value;
      RIFFLE_RETURN_IF_ERROR(reader.next().status());
      if (!described) continue;
      ++items_given_;
      return true;
    }
  }
  return false;
}

void TopicEvents::refuse(const bus::TopicPartition& where, const bus::Record& record, const records::Reason& reason) {
  ++refused_[reason.code];
  if (problems_.size() < ingest::Adapter::kMostProblems)
    problems_.push_back(absl::StrCat(where.topic, "/", where.partition.value(), "/", record.offset.value(), ": ",
                                     std::string(records::code_name(reason.code)), ": ", reason.message));
}

std::vector<ingest::RowCount> TopicEvents::counts() const {
  std::vector<ingest::RowCount> counts = {{"event", true, events_given_}, {"item", true, items_given_}};
  if (items_deleted_ > 0) counts.push_back({"item deleted", false, items_deleted_});
  for (const auto& [code, records] : refused_)
    counts.push_back({std::string(records::code_name(code)), false, records});
  return counts;
}

std::optional<double> TopicEvents::fraction() const {
  double sum = 0;
  for (const Lane& lane : lanes_) sum += lane.reader.fraction();
  return lanes_.empty() ? 1 : sum / static_cast<double>(lanes_.size());
}

}  // namespace riffle::app
