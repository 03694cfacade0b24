#include "app/bench/stage.h"

#include <thread>

#include "absl/strings/str_cat.h"
#include "app/delivery.h"
#include "app/metric_text.h"
#include "base/clock.h"
#include "base/errors.h"
#include "base/hash.h"
#include "pipeline/shard_opener.h"

namespace riffle::app::bench {
namespace {

// Nobody can delete our topics over the bus: the broker clears them itself.
constexpr Milliseconds kRetention{std::chrono::hours(1)};

TimePoint first_event(std::size_t events) {
  return SystemClock().now() - std::chrono::minutes(1) - kBetweenEvents * static_cast<std::int64_t>(events);
}

}  // namespace

Stage::Stage(StageSetup setup)
    : setup_(std::move(setup)),
      topics_(setup_.prefix),
      group_(setup_.prefix + "worker"),
      workload_(setup_.workload, first_event(setup_.events)),
      events_sent_(static_cast<std::size_t>(setup_.config->topics.partitions)) {}

Stage::~Stage() {
  worker_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(setup_.directory, ignored);
}

absl::StatusOr<std::unique_ptr<Stage>> Stage::open(StageSetup setup) {
  std::error_code error;
  std::filesystem::create_directories(setup.directory, error);
  if (error) return absl::InternalError(absl::StrCat("cannot make ", setup.directory.string(), ": ", error.message()));
  bus::TopicsOptions topics = setup.config->topics;
  topics.prefix = setup.prefix;
  topics.retention = kRetention;
  std::unique_ptr<Stage> stage(new Stage(std::move(setup)));
  RIFFLE_RETURN_IF_ERROR(stage->bus().create_topics(bus::riffle_topics(topics)));
  RIFFLE_ASSIGN_OR_RETURN(stage->events_group_, stage->bus().make_source({.group = stage->group_}));
  RIFFLE_ASSIGN_OR_RETURN(stage->requests_group_,
                          stage->bus().make_source({.group = pipeline::requests_group(stage->group_)}));
  return stage;
}

// ---- records --------------------------------------------------------------------------------------------------------

bus::OutRecord out_record(const std::string& topic, const KeyedRecord& record) {
  bus::OutRecord out;
  out.topic = topic;
  out.key = record.key;
  out.value = record.value;
  return out;
}

Offset Stage::count_event(const std::string& key) {
  const Partition partition = murmur2_partition(key, partitions());
  return Offset(events_sent_[static_cast<std::size_t>(partition.value())]++);
}

absl::Status Stage::publish(const std::string& topic, std::size_t count,
                            const std::function<KeyedRecord(std::size_t)>& record) {
  RIFFLE_ASSIGN_OR_RETURN(const auto sink, bus().make_sink({.linger = Milliseconds(20)}));
  Delivery delivery(*sink);
  for (std::size_t i = 0; i < count; ++i) {
    RIFFLE_RETURN_IF_ERROR(not_stopped());
    RIFFLE_RETURN_IF_ERROR(delivery.send(out_record(topic, record(i))));
  }
  return delivery.finish(*setup_.err);
}

absl::Status Stage::publish_catalogue() {
  return publish(topics_.items, setup_.workload.items, [this](std::size_t i) { return workload_.item(i); });
}

absl::Status Stage::publish_events(std::size_t count) {
  return publish(topics_.events, count, [this](std::size_t) {
    const KeyedRecord& event = workload_.next_event();
    count_event(event.key);
    return event;
  });
}

absl::Status Stage::publish_requests(std::uint64_t first, std::size_t count) {
  return publish(topics_.requests, count,
                 [this, first](std::size_t i) { return workload_.request(absl::StrCat("r", first + i)); });
}

// ---- the worker -----------------------------------------------------------------------------------------------------

std::vector<std::string> Stage::worker_arguments() const {
  std::vector<std::string> arguments;
  const auto add = [&](const std::string& option, const std::string& value) {
    arguments.push_back(option);
    arguments.push_back(value);
  };
  const ConfigurationChoice& choice = *setup_.choice;
  if (!choice.file.empty()) add("--config", choice.file);
  if (!choice.kafka.empty()) add("--kafka", choice.kafka);
  for (const std::string& setting : choice.settings) add("--set", setting);
  // Of two settings of one key the later holds.
  for (const std::string& setting :
       {absl::StrCat("topics.prefix=", setup_.prefix), absl::StrCat("worker.group=", group_),
        absl::StrCat("state.directory=", (setup_.directory / "state").string()), std::string("http.enabled=true"),
        std::string("http.address=127.0.0.1"), std::string("http.port=0")}) {
    add("--set", setting);
  }
  add("--log-level", "info");
  return arguments;
}

absl::Status Stage::start_worker() {
  RIFFLE_ASSIGN_OR_RETURN(worker_, WorkerProcess::start(worker_arguments(), setup_.directory / "worker.log"));
  RIFFLE_ASSIGN_OR_RETURN(const auto took, worker_->await_ready(kPatience));
  start_seconds_ = took.count();
  return absl::OkStatus();
}

absl::Status Stage::stop_worker() { return worker_->stop(kPatience); }

absl::StatusOr<double> Stage::metric(const std::string& name) {
  RIFFLE_ASSIGN_OR_RETURN(const std::string page, worker_->metrics_page());
  return metric_sum(page, name);
}

std::uint64_t Stage::state_bytes() const {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator it(setup_.directory / "state", error), end; !error && it != end;
       it.increment(error)) {
    std::error_code gone;  // files come and go while the store works
    const auto size = it->is_regular_file(gone) ? it->file_size(gone) : 0;
    if (!gone) bytes += size;
  }
  return bytes;
}

// ---- how far it is --------------------------------------------------------------------------------------------------

absl::StatusOr<std::uint64_t> Stage::committed(bus::Source& group, const std::string& topic) {
  std::uint64_t sum = 0;
  for (std::int32_t p = 0; p < partitions(); ++p) {
    RIFFLE_ASSIGN_OR_RETURN(const auto offset, group.committed({topic, Partition(p)}));
    if (offset) sum += static_cast<std::uint64_t>(offset->value());
  }
  return sum;
}

absl::StatusOr<std::uint64_t> Stage::committed_events() { return committed(*events_group_, topics_.events); }
absl::StatusOr<std::uint64_t> Stage::committed_requests() { return committed(*requests_group_, topics_.requests); }

absl::StatusOr<std::uint64_t> Stage::lists_written() {
  std::uint64_t sum = 0;
  for (std::int32_t p = 0; p < partitions(); ++p) {
    RIFFLE_ASSIGN_OR_RETURN(const bus::Watermarks marks, events_group_->watermarks({topics_.recommendations, Partition(p)}));
    sum += static_cast<std::uint64_t>(marks.high.value());
  }
  return sum;
}

absl::Status Stage::not_stopped() const {
  return setup_.stop() ? absl::CancelledError("stopped before its end") : absl::OkStatus();
}

absl::Status Stage::await(const std::string& what, Milliseconds pause, const std::function<absl::StatusOr<bool>()>& done) {
  return await_count(what, pause, 1, [&]() -> absl::StatusOr<std::uint64_t> {
    RIFFLE_ASSIGN_OR_RETURN(const bool is_so, done());
    return is_so ? 1 : 0;
  });
}

absl::Status Stage::await_count(const std::string& what, Milliseconds pause, std::uint64_t wanted,
                                const std::function<absl::StatusOr<std::uint64_t>()>& count) {
  std::uint64_t before = 0;
  auto grew = std::chrono::steady_clock::now();
  while (true) {
    RIFFLE_ASSIGN_OR_RETURN(const std::uint64_t reached, count());
    if (reached >= wanted) return absl::OkStatus();
    RIFFLE_RETURN_IF_ERROR(not_stopped());
    RIFFLE_RETURN_IF_ERROR(worker_->alive());
    if (reached > before) {
      before = reached;
      grew = std::chrono::steady_clock::now();
    }
    if (std::chrono::steady_clock::now() - grew > kPatience) {
      return absl::DeadlineExceededError(absl::StrCat("waited in vain for ", what));
    }
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace riffle::app::bench
