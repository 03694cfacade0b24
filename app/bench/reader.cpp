#include "app/bench/reader.h"

#include "base/errors.h"

namespace riffle::app::bench {

absl::StatusOr<std::unique_ptr<bus::Source>> source_at_end(
    bus::Bus& bus, const std::vector<std::pair<std::string, std::int32_t>>& topics) {
  RIFFLE_ASSIGN_OR_RETURN(auto source, bus.make_source({}));
  std::vector<bus::Position> positions;
  for (const auto& [topic, partitions] : topics) {
    for (std::int32_t p = 0; p < partitions; ++p) {
      const bus::TopicPartition where{topic, Partition(p)};
      // kLatest would be looked up later, and what comes meanwhile would be missed.
      RIFFLE_ASSIGN_OR_RETURN(const bus::Watermarks marks, source->watermarks(where));
      positions.push_back({where, marks.high});
    }
  }
  RIFFLE_RETURN_IF_ERROR(source->assign(positions));
  return source;
}

Reader::Reader(std::unique_ptr<bus::Source> source, Take take)
    : source_(std::move(source)), take_(std::move(take)), thread_([this] { run(); }) {}

absl::StatusOr<std::unique_ptr<Reader>> Reader::start(bus::Bus& bus,
                                                      const std::vector<std::pair<std::string, std::int32_t>>& topics,
                                                      Take take) {
  RIFFLE_ASSIGN_OR_RETURN(auto source, source_at_end(bus, topics));
  return std::unique_ptr<Reader>(new Reader(std::move(source), std::move(take)));
}

Reader::~Reader() { stop().IgnoreError(); }

absl::Status Reader::stop() {
  stopping_ = true;
  source_->wake();
  if (thread_.joinable()) thread_.join();
  return status_;
}

void Reader::run() {
  while (!stopping_ && status_.ok()) {
    auto batch = source_->poll(1000, Milliseconds(100));
    if (!batch.ok()) {
      status_ = batch.status();
      return;
    }
    const auto now = Steady::now();
    if (!batch->errors.empty()) status_ = batch->errors.front().status;
    for (const bus::Record& record : batch->records) {
      if (status_.ok()) status_ = take_(record, now);
    }
  }
}

}  // namespace riffle::app::bench
