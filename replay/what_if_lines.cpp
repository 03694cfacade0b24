// What if, over JSON lines: one shard, fed as a worker feeds its shards, with the lines' own times.
#include <deque>
#include <utility>

#include "base/errors.h"
#include "replay/learned_world.h"
#include "replay/what_if.h"
#include "replay/what_if_epoch.h"

namespace riffle::replay {
namespace {

constexpr std::size_t kEventsAtOnce = 256;
constexpr std::uint64_t kLinesBetweenNews = 5000;
constexpr Milliseconds kTick{100};  // of the log's time: between two looks for windows that close

// Lists on their way out: nobody is there to read them but the caller.
class ListSink final : public bus::Sink {
 public:
  explicit ListSink(std::function<void(std::string_view)> take) : take_(std::move(take)) {}
  absl::StatusOr<std::uint64_t> send(const bus::OutRecord& record) override {
    take_(record.value.value_or(""));
    return ++tickets_;
  }
  bool wait_acknowledged(std::uint64_t, Milliseconds) override { return true; }
  std::uint64_t acknowledged() const override { return tickets_; }
  std::vector<bus::Refusal> take_refusals() override { return {}; }
  bool connected() const override { return true; }

 private:
  std::function<void(std::string_view)> take_;
  std::uint64_t tickets_ = 0;
};

class LinesReplay {
 public:
  LinesReplay(ingest::Adapter& lines, const WhatIfOptions& options, Metrics& metrics, WhatIfFigures& figures)
      : lines_(lines),
        options_(options),
        metrics_(metrics),
        figures_(figures),
        sink_([this](std::string_view list) { tell(list); }),
        epochs_(options.epoch) {}

  absl::Status run() {
    RIFFLE_RETURN_IF_ERROR(open());
    absl::Status cut_short;  // what came before is good
    for (std::uint64_t n = 1;; ++n) {
      ingest::ImportRecord line;
      const auto more = lines_.next(line);
      if (!more.ok()) cut_short = more.status();
      if (!more.ok() || !*more) break;
      if (line.timestamp && options_.until && *line.timestamp > *options_.until) {
        figures_.stopped_by_time = true;
        break;
      }
      RIFFLE_RETURN_IF_ERROR(take(std::move(line)));
      if (cancelled_ || (n % kLinesBetweenNews == 0 && options_.progress && !options_.progress(figures_, std::nullopt)))
        return absl::CancelledError("interrupted");
    }
    RIFFLE_RETURN_IF_ERROR(process());
    RIFFLE_RETURN_IF_ERROR(commit_epoch(*shard_, false, *options_.shard, *world_, figures_));
    figures_.outcomes = world_->outcomes();
    figures_.foreign_outcomes = world_->foreign_outcomes();
    return cut_short;
  }

 private:
  absl::Status open() {
    RIFFLE_ASSIGN_OR_RETURN(world_, LearnedWorld::create(*options_.shard, options_.learner, 1, metrics_));
    pipeline::ShardSetup setup;
    setup.shard = Partition(0);
    setup.partitions = 1;
    setup.cluster_id = "json lines";
    RIFFLE_ASSIGN_OR_RETURN(setup.store, options_.make_store(Partition(0)));
    setup.lists = &sink_;
    setup.options = options_.shard;
    setup.metrics = &metrics_;
    setup.new_generation = 1;
    RIFFLE_ASSIGN_OR_RETURN(shard_, pipeline::Shard::open(std::move(setup)));
    for (const auto input : {pipeline::Input::kEvents, pipeline::Input::kRequests, pipeline::Input::kUsers})
      shard_->start_at(input, Offset(0));
    return absl::OkStatus();
  }

  absl::Status take(ingest::ImportRecord line) {
    if (line.timestamp) now_ = std::max(now_, *line.timestamp);
    const bool timed = line.input == ingest::ImportInput::kEvents || line.input == ingest::ImportInput::kRequests;
    figures_.without_time += timed && now_ == TimePoint{} ? 1 : 0;
    // The line's place among those of its input; a micro-batch applies events before requests, as they came.
    const bool out_of_order = line.input != ingest::ImportInput::kRequests && !batch_.requests.empty();
    if (out_of_order || batch_.events.size() >= kEventsAtOnce) RIFFLE_RETURN_IF_ERROR(process());
    const ingest::ImportRecord& kept = memory_.emplace_back(std::move(line));
    bus::Record record;
    record.partition = Partition(0);
    record.key = kept.key;
    record.value = kept.value;
    record.timestamp = kept.timestamp.value_or(now_);
    record.offset = Offset(offsets_[static_cast<std::size_t>(kept.input)]++);
    const bus::TopicNames& topics = options_.shard->topics;
    switch (kept.input) {
      case ingest::ImportInput::kEvents:
        record.topic = topics.events;
        batch_.events.push_back(record);
        world_->event(record);
        ++figures_.events;
        break;
      case ingest::ImportInput::kRequests:
        record.topic = topics.requests;
        batch_.requests.push_back(record);
        ++figures_.requests;
        return process();  // the world may move on between two
      case ingest::ImportInput::kUsers:
        record.topic = topics.users;
        batch_.users.push_back(record);
        ++figures_.users;
        break;
      case ingest::ImportInput::kItems:
        record.topic = topics.items;
        ++(world_->item(record) ? figures_.items : figures_.items_refused);
        break;
    }
    return absl::OkStatus();
  }

  absl::Status process() {
    const bool ticks = now_ - ticked_ >= kTick && shard_->shard_time() > from_ms(0);
    if (ticks) ticked_ = now_;
    if (ticks) batch_.tick = Milliseconds(1);  // events move shard time themselves: this only looks at the windows
    if (batch_.empty()) return absl::OkStatus();
    batch_.world = world_->at(now_);
    batch_.seed = options_.seed ^ (++batches_ * 0x9E3779B97F4A7C15ULL);
    if (!batch_.requests.empty()) batch_.wall = batch_.requests.front().timestamp;
    told_ = 0;
    RIFFLE_RETURN_IF_ERROR(shard_->process(batch_));
    figures_.not_asked += batch_.requests.size() - told_;
    batch_ = {};
    memory_.clear();
    if (!epochs_.due(now_, *shard_)) return absl::OkStatus();
    return commit_epoch(*shard_, epochs_.end(now_), *options_.shard, *world_, figures_);
  }

  void tell(std::string_view bytes) {
    ++told_;
    const auto list = records::decode_recommendation(bytes);
    if (!list.ok() || (!options_.user.empty() && list->user_id.str() != options_.user)) return;
    if (options_.told && !options_.told(bytes)) cancelled_ = true;
    figures_.lists.add(*list, *batch_.world.catalogue, std::nullopt);
  }

  ingest::Adapter& lines_;
  const WhatIfOptions& options_;
  Metrics& metrics_;
  WhatIfFigures& figures_;
  ListSink sink_;
  std::unique_ptr<LearnedWorld> world_;
  std::unique_ptr<pipeline::Shard> shard_;
  pipeline::MicroBatch batch_;
  std::deque<ingest::ImportRecord> memory_;  // what the batch's views point into
  std::array<std::int64_t, 4> offsets_{};    // by ImportInput
  EpochClock epochs_;
  TimePoint now_{}, ticked_{};
  std::uint64_t batches_ = 0, told_ = 0;
  bool cancelled_ = false;
};

}  // namespace

absl::Status what_if_of_lines(ingest::Adapter& lines, const WhatIfOptions& options, Metrics& metrics,
                              WhatIfFigures& figures) {
  return LinesReplay(lines, options, metrics, figures).run();
}

}  // namespace riffle::replay
