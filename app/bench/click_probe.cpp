#include "app/bench/click_probe.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "app/bench/reader.h"
#include "base/clock.h"
#include "base/errors.h"
#include "records/json_codec.h"

namespace riffle::app::bench {
namespace {

constexpr std::chrono::seconds kPatience{10};  // with one list

absl::Status impatient(const std::string& request_id) {
  return absl::DeadlineExceededError(absl::StrCat("no list came for request ", request_id));
}

std::int64_t events_position(const records::Recommendation& list) {
  for (const auto& [input, offset] : list.as_of)
    if (input == "events") return offset;
  return 0;
}

}  // namespace

ClickProbe::ClickProbe(Stage& stage, std::unique_ptr<bus::Source> lists, std::unique_ptr<bus::Sink> sink)
    : stage_(stage), lists_(std::move(lists)), sink_(std::move(sink)) {}

absl::StatusOr<std::unique_ptr<ClickProbe>> ClickProbe::start(Stage& stage, double a_second, Steady::time_point end) {
  RIFFLE_ASSIGN_OR_RETURN(auto lists, source_at_end(stage.bus(), {{stage.topics().recommendations, stage.partitions()}}));
  RIFFLE_ASSIGN_OR_RETURN(auto sink, stage.bus().make_sink({.linger = Milliseconds(0)}));
  std::unique_ptr<ClickProbe> probe(new ClickProbe(stage, std::move(lists), std::move(sink)));
  probe->thread_ = std::thread([raw = probe.get(), a_second, end] { raw->status_ = raw->run(a_second, end); });
  return probe;
}

ClickProbe::~ClickProbe() {
  if (thread_.joinable()) thread_.join();
}

absl::StatusOr<ClickProbe::Result> ClickProbe::finish() {
  if (thread_.joinable()) thread_.join();
  if (!status_.ok()) return status_;
  return std::move(result_);
}

absl::Status ClickProbe::run(double a_second, Steady::time_point end) {
  const auto pause = std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(1 / a_second));
  auto next = Steady::now();
  for (std::uint64_t number = 0; next < end; ++number) {
    std::this_thread::sleep_until(next);
    RIFFLE_RETURN_IF_ERROR(click(number));
    next = std::max(next + pause, Steady::now());
  }
  return absl::OkStatus();
}

absl::Status ClickProbe::click(std::uint64_t number) {
  const KeyedRecord event = stage_.workload().click(SystemClock().now());
  const auto began = Steady::now();
  RIFFLE_ASSIGN_OR_RETURN(const std::uint64_t ticket, sink_->send(out_record(stage_.topics().events, event)));
  const Offset offset = stage_.count_event(event.key);
  if (!sink_->wait_acknowledged(ticket, kPatience)) {
    return absl::DeadlineExceededError("a click was not acknowledged");
  }
  for (int attempt = 0;; ++attempt) {
    RIFFLE_ASSIGN_OR_RETURN(const bool reflected, ask(event.key, absl::StrCat("c", number, "-", attempt), offset));
    if (!reflected) continue;
    result_.ms.push_back(std::chrono::duration<double, std::milli>(Steady::now() - began).count());
    if (attempt == 0) ++result_.in_first_list;
    return absl::OkStatus();
  }
}

absl::StatusOr<bool> ClickProbe::ask(const std::string& user, const std::string& request_id, Offset click) {
  const KeyedRecord request = Workload::request_of(user, request_id);
  RIFFLE_RETURN_IF_ERROR(sink_->send(out_record(stage_.topics().requests, request)).status());
  const auto until = Steady::now() + kPatience;
  while (Steady::now() < until) {
    RIFFLE_ASSIGN_OR_RETURN(const bus::Batch batch, lists_->poll(1000, Milliseconds(100)));
    if (!batch.errors.empty()) return batch.errors.front().status;
    for (const bus::Record& record : batch.records) {
      // Most lists are the open loop's: not worth decoding here.
      if (!record.value || record.key != user) continue;
      RIFFLE_ASSIGN_OR_RETURN(const records::Recommendation list, records::decode_recommendation(*record.value));
      if (list.request_id.str() == request_id) return events_position(list) > click.value();
    }
  }
  return impatient(request_id);
}

}  // namespace riffle::app::bench
