#include <algorithm>
#include <thread>

#include "absl/strings/str_cat.h"
#include "app/bench/click_probe.h"
#include "app/bench/measurements.h"
#include "app/bench/policy_delay.h"
#include "app/bench/reader.h"
#include "base/errors.h"
#include "records/json_codec.h"
#include "records/proto_codec.h"

namespace riffle::app::bench {
namespace {

using Steady = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr Seconds kWarm{2};      // of load before measuring: connections, caches, the first versions of the policy
constexpr Seconds kTail{2};      // of load after it: until the last outcomes are learned and served

// The open loop and what comes of it. Each reader's thread has members of its own; they are looked at after stop().
class OpenLoop {
 public:
  OpenLoop(Stage& stage, const LatencyLoad& load) : stage_(stage), load_(load) {}

  absl::Status run(Figures& figures) {
    const auto count = static_cast<std::size_t>((kWarm + load_.measured + kTail).count() * load_.requests_per_second);
    for (std::size_t i = 0; i < count; ++i) requests_.push_back(stage_.workload().request(absl::StrCat("r", i)));
    arrived_.assign(count, Steady::time_point{});
    lags_.assign(count, 0);
    RIFFLE_ASSIGN_OR_RETURN(sink_, stage_.bus().make_sink({.linger = Milliseconds(0)}));
    RIFFLE_RETURN_IF_ERROR(start_readers());
    began_ = Steady::now();
    from_ = began_ + std::chrono::duration_cast<Steady::duration>(kWarm);
    to_ = from_ + std::chrono::duration_cast<Steady::duration>(load_.measured);
    RIFFLE_RETURN_IF_ERROR(send_all());
    RIFFLE_RETURN_IF_ERROR(await_lists());
    if (load_.backlog > 0) {
      RIFFLE_RETURN_IF_ERROR(lists_->stop());
      return report_backlog(figures);
    }
    RIFFLE_ASSIGN_OR_RETURN(ClickProbe::Result clicks, clicks_->finish());
    RIFFLE_RETURN_IF_ERROR(lists_->stop());
    RIFFLE_RETURN_IF_ERROR(learning_->stop());
    return report(std::move(clicks), figures);
  }

 private:
  absl::Status start_readers() {
    const bus::TopicNames& topics = stage_.topics();
    RIFFLE_ASSIGN_OR_RETURN(lists_, Reader::start(stage_.bus(), {{topics.recommendations, stage_.partitions()}},
                                                  [this](const bus::Record& r, Steady::time_point at) { return take_list(r, at); }));
    if (load_.backlog > 0) return absl::OkStatus();
    RIFFLE_ASSIGN_OR_RETURN(learning_,
                            Reader::start(stage_.bus(), {{topics.outcomes, stage_.partitions()}, {topics.policy, 1}},
                                          [this](const bus::Record& r, Steady::time_point at) { return take_learning(r, at); }));
    return absl::OkStatus();
  }

  Steady::time_point due(std::size_t request) const {
    return began_ + std::chrono::duration_cast<Steady::duration>(Seconds(static_cast<double>(request) / load_.requests_per_second));
  }

  absl::Status send_all() {
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      std::this_thread::sleep_until(due(i));
      RIFFLE_RETURN_IF_ERROR(stage_.not_stopped());
      if (!clicks_ && load_.backlog == 0 && Steady::now() >= from_) {
        RIFFLE_ASSIGN_OR_RETURN(clicks_, ClickProbe::start(stage_, load_.clicks_per_second, to_));
      }
      RIFFLE_RETURN_IF_ERROR(sink_->send(out_record(stage_.topics().requests, requests_[i])).status());
    }
    return absl::OkStatus();
  }

  absl::Status await_lists() {
    return stage_.await("the last lists", Milliseconds(10), [this]() -> absl::StatusOr<bool> {
      return lists_read_.load() >= requests_.size();
    });
  }

  // The lists' thread.
  absl::Status take_list(const bus::Record& record, Steady::time_point at) {
    if (!record.value) return absl::OkStatus();
    RIFFLE_ASSIGN_OR_RETURN(const records::Recommendation list, records::decode_recommendation(*record.value));
    if (list.policy_id == policy()) versions_.emplace_back(list.policy_version, at);
    const std::string& id = list.request_id.str();
    if (!id.starts_with('r')) return absl::OkStatus();  // the clicks'
    const std::size_t number = std::stoul(id.substr(1));
    arrived_.at(number) = at;
    lags_.at(number) = std::find(list.degraded.begin(), list.degraded.end(), "events_lag") != list.degraded.end();
    ++lists_read_;
    return absl::OkStatus();
  }

  // The thread of outcomes and policies.
  absl::Status take_learning(const bus::Record& record, Steady::time_point at) {
    if (record.topic == stage_.topics().outcomes) {
      policy_.add_outcome(record.partition, record.offset, at);
      return absl::OkStatus();
    }
    const std::string versions = policy().str() + "/version/";
    if (!record.key || !record.value || !record.key->starts_with(versions)) return absl::OkStatus();
    pb::PolicyManifest manifest;
    RIFFLE_RETURN_IF_ERROR(pb::decode(*record.value, manifest));
    policy_.add_manifest(manifest);
    return absl::OkStatus();
  }

  // The one whose learning is measured: that of most users.
  const PolicyId& policy() const {
    const auto& arms = stage_.config().experiments.arms;
    return std::max_element(arms.begin(), arms.end(), [](const auto& a, const auto& b) { return a.share < b.share; })->policy;
  }

  absl::Status report_backlog(Figures& figures) {
    std::vector<double> request_to_list;
    double measured = 0;
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      if (due(i) < from_ || due(i) >= to_) continue;
      ++measured;
      if (lags_[i]) request_to_list.push_back(std::chrono::duration<double, std::milli>(arrived_[i] - due(i)).count());
    }
    figures.add("backlog_lists", measured > 0 ? static_cast<double>(request_to_list.size()) / measured : 0);
    figures.add_latency("backlog_request_to_list_ms", std::move(request_to_list));
    return absl::OkStatus();
  }

  absl::Status report(ClickProbe::Result clicks, Figures& figures) {
    std::vector<double> request_to_list;
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      if (due(i) < from_ || due(i) >= to_) continue;
      request_to_list.push_back(std::chrono::duration<double, std::milli>(arrived_[i] - due(i)).count());
    }
    for (const auto& [version, at] : versions_) policy_.add_list(version, at);
    PolicyDelay::Delays delays = policy_.delays(from_, to_);
    if (delays.unserved > 0) {
      return absl::InternalError(absl::StrCat(delays.unserved, " outcomes had not changed a list ", kTail.count(),
                                              " s after the last of them: the learner does not keep up, or does not learn"));
    }
    const auto asked = static_cast<double>(clicks.ms.size());
    figures.add_latency("request_to_list_ms", std::move(request_to_list));
    figures.add_latency("click_to_list_ms", std::move(clicks.ms));
    figures.add("clicks_in_first_list", asked > 0 ? static_cast<double>(clicks.in_first_list) / asked : 0);
    figures.add_latency("outcome_to_policy_ms", std::move(delays.ms));
    return absl::OkStatus();
  }

  Stage& stage_;
  const LatencyLoad load_;
  std::vector<KeyedRecord> requests_;
  Steady::time_point began_, from_, to_;
  std::unique_ptr<bus::Sink> sink_;
  std::vector<Steady::time_point> arrived_;                              // by request
  std::vector<char> lags_;                                               // likewise: made while events waited
  std::vector<std::pair<std::uint64_t, Steady::time_point>> versions_;   // of each list
  std::atomic<std::size_t> lists_read_{0};
  PolicyDelay policy_;
  std::unique_ptr<ClickProbe> clicks_;
  std::unique_ptr<Reader> lists_, learning_;                             // end first: they use what is above
};

}  // namespace

absl::Status measure_latency(Stage& stage, std::size_t history, const LatencyLoad& load, Figures& figures) {
  RIFFLE_RETURN_IF_ERROR(warm_worker(stage, history));
  if (load.backlog > 0) RIFFLE_RETURN_IF_ERROR(stage.publish_events(load.backlog));
  RIFFLE_RETURN_IF_ERROR(OpenLoop(stage, load).run(figures));
  return stage.stop_worker();
}

}  // namespace riffle::app::bench
