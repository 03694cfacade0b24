#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "app/bench/measurements.h"
#include "app/bench/reader.h"
#include "base/errors.h"
#include "records/json_codec.h"

namespace riffle::app::bench {
namespace {

using Steady = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

// The flood, and what becomes of each of its requests. The reader's thread has members of its own; they are looked at after
// stop().
class Flood {
 public:
  Flood(Stage& stage, const Overload& load) : stage_(stage), load_(load) {}

  absl::Status run(Figures& figures) {
    const auto count = static_cast<std::size_t>(load_.measured.count() * load_.requests_per_second);
    for (std::size_t i = 0; i < count; ++i)
      requests_.push_back(stage_.workload().request(absl::StrCat("o", i), load_.deadline));
    sent_.assign(count, Steady::time_point{});
    const bus::TopicNames& topics = stage_.topics();
    RIFFLE_ASSIGN_OR_RETURN(
        const auto reader,
        Reader::start(stage_.bus(), {{topics.recommendations, stage_.partitions()}, {topics.dead_letters, stage_.partitions()}},
                      [this](const bus::Record& record, Steady::time_point at) { return take(record, at); }));
    rss_.push_back(stage_.worker().resident_bytes());
    RIFFLE_ASSIGN_OR_RETURN(const Seconds took, send_all());
    RIFFLE_RETURN_IF_ERROR(stage_.await("a list or a dead letter for every request", Milliseconds(10),
                                        [&]() -> absl::StatusOr<bool> { return answered_.load() >= count; }));
    rss_.push_back(stage_.worker().resident_bytes());
    RIFFLE_RETURN_IF_ERROR(reader->stop());

    const auto all = static_cast<double>(count);
    std::vector<double> ms;
    for (const auto& [request, at] : lists_)
      ms.push_back(std::chrono::duration<double, std::milli>(at - sent_[request]).count());
    figures.add("overload_sent_per_second", all / took.count());
    figures.add("overload_lists", static_cast<double>(lists_.size()) / all);
    figures.add("overload_degraded", static_cast<double>(degraded_) / all);
    figures.add("overload_refused", static_cast<double>(refused_) / all);
    figures.add_latency("overload_request_to_list_ms", std::move(ms));
    constexpr const char* kWhen[kParts + 1] = {"before", "third", "two_thirds", "after"};
    for (std::size_t part = 0; part <= kParts; ++part)
      figures.add(absl::StrCat("overload_rss_", kWhen[part], "_bytes"), static_cast<double>(rss_[part]));
    return absl::OkStatus();
  }

 private:
  static constexpr std::size_t kParts = 3;   // resident memory is looked at after each: it grows while caches fill, and then stays

  // A request's time begins when the bus's client has it: this measures the worker, not how fast we can send.
  absl::StatusOr<Seconds> send_all() {
    RIFFLE_ASSIGN_OR_RETURN(const auto sink, stage_.bus().make_sink({.linger = Milliseconds(0)}));
    const auto began = Steady::now();
    std::uint64_t ticket = 0;
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      if (i % 16 == 0) {
        std::this_thread::sleep_until(began + std::chrono::duration_cast<Steady::duration>(
                                                  Seconds(static_cast<double>(i) / load_.requests_per_second)));
        RIFFLE_RETURN_IF_ERROR(stage_.not_stopped());
      }
      if (rss_.size() < kParts && i >= rss_.size() * requests_.size() / kParts) rss_.push_back(stage_.worker().resident_bytes());
      sent_[i] = Steady::now();
      RIFFLE_ASSIGN_OR_RETURN(ticket, sink->send(out_record(stage_.topics().requests, requests_[i])));
    }
    const Seconds took = Steady::now() - began;
    if (!sink->wait_acknowledged(ticket, Stage::kPatience)) return absl::DeadlineExceededError("requests were not acknowledged");
    return took;
  }

  absl::Status take(const bus::Record& record, Steady::time_point at) {
    if (!record.value) return absl::OkStatus();
    if (record.topic == stage_.topics().dead_letters) {
      ++refused_;
      ++answered_;
      return absl::OkStatus();
    }
    RIFFLE_ASSIGN_OR_RETURN(const records::Recommendation list, records::decode_recommendation(*record.value));
    lists_.emplace_back(std::stoul(list.request_id.str().substr(1)), at);
    for (const std::string& cause : list.degraded) degraded_ += cause == "deadline";
    ++answered_;
    return absl::OkStatus();
  }

  Stage& stage_;
  const Overload load_;
  std::vector<KeyedRecord> requests_;
  std::vector<Steady::time_point> sent_;
  std::vector<std::pair<std::size_t, Steady::time_point>> lists_;
  std::vector<std::uint64_t> rss_;                                       // before, and after each part
  std::size_t degraded_ = 0, refused_ = 0;
  std::atomic<std::size_t> answered_{0};
};

}  // namespace

absl::Status measure_overload(Stage& stage, std::size_t history, const Overload& load, Figures& figures) {
  RIFFLE_RETURN_IF_ERROR(warm_worker(stage, history));
  RIFFLE_RETURN_IF_ERROR(Flood(stage, load).run(figures));
  return stage.stop_worker();
}

}  // namespace riffle::app::bench
