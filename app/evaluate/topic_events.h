// The events and items on a bus as one history: what a worker would have applied of the topics `events` and `items`, from
// their beginning to where they end when it is opened. Records that admission refuses are counted by its reason.
//
// Order: a partition's events stay in their order. Of the partitions' next events the one that happened first comes first
// (its own timestamp, else its record's; time does not run backwards within a partition); of equal ones that of the lowest
// partition. So a history that was imported, all of it within a minute, comes as it happened, whatever its partitions.
// An item comes before the first event whose record is not older than its own: as it was known when that event arrived.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bus/topics.h"
#include "evaluation/prequential/event_source.h"
#include "ingest/admission.h"
#include "replay/partition_reader.h"

namespace riffle::app {

// One thread.
class TopicEvents final : public evaluation::EventSource {
 public:
  // `bus` outlives it. NotFound: a topic is missing.
  static absl::StatusOr<std::unique_ptr<TopicEvents>> open(bus::Bus& bus, const bus::TopicNames& topics,
                                                           const ingest::AdmissionOptions& admission);

  absl::StatusOr<Kind> next() override;
  const records::Event& event() const override { return given_->event; }
  const records::Item& item() const override { return item_; }
  // An item's record says when it was published, which of an imported history is after all of it.
  std::optional<TimePoint> time() const override { return std::nullopt; }
  std::vector<ingest::RowCount> counts() const override;
  const std::vector<std::string>& problems() const override { return problems_; }
  std::optional<double> fraction() const override;

 private:
  // A partition of events, and its next one.
  struct Lane {
    Lane(replay::PartitionReader from, const ingest::AdmissionOptions& options, std::int32_t partitions)
        : reader(std::move(from)), admission(options, partitions) {}

    replay::PartitionReader reader;
    ingest::Admission admission;
    records::Event event;
    TimePoint published{};       // its record's time
    TimePoint newest = kNoTime;  // of the events so far, this one included
    bool over = false;
  };

  explicit TopicEvents(const ingest::AdmissionOptions& admission) : item_admission_(admission, 1) {}

  absl::Status advance(Lane& lane);
  // False: there is none before that time.
  absl::StatusOr<bool> next_item(TimePoint published);
  void refuse(const bus::TopicPartition& where, const bus::Record& record, const records::Reason& reason);

  std::deque<Lane> lanes_;
  std::vector<replay::PartitionReader> items_;
  ingest::Admission item_admission_;
  records::Item item_;
  Lane* given_ = nullptr;  // whose event was given last: it advances when the next one is asked for
  std::uint64_t events_given_ = 0, items_given_ = 0, items_deleted_ = 0;
  std::map<records::Code, std::uint64_t> refused_;
  std::vector<std::string> problems_;
};

}  // namespace riffle::app
