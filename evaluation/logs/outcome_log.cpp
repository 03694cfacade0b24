#include "evaluation/logs/outcome_log.h"

#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/hash.h"
#include "records/candidate_table.h"
#include "records/proto_codec.h"

namespace riffle::evaluation {
namespace {

constexpr std::size_t kRecordsAPoll = 2000;
constexpr Milliseconds kWait{100};
// A store that is made anew numbers its outcomes at least so far above the one before it
// (docs/formats.md): a smaller step is a gap.
constexpr std::uint64_t kGenerationStep = 1 << 20;

}  // namespace

absl::StatusOr<std::unique_ptr<RoundSource>> OutcomeLog::open(bus::Bus& bus,
                                                              const OutcomeLogOptions& options) {
  RIFFLE_ASSIGN_OR_RETURN(const auto info, bus.describe(options.topic));
  if (!info)
    return absl::NotFoundError(
        absl::StrCat("there is no topic ", options.topic, "; has `riffle run` been here?"));
  RIFFLE_ASSIGN_OR_RETURN(auto source, bus.make_source({}));
  std::unique_ptr<OutcomeLog> log(new OutcomeLog(std::move(source), options));
  std::vector<bus::Position> positions;
  for (std::int32_t p = 0; p < info->partitions; ++p) {
    const bus::TopicPartition where{options.topic, Partition(p)};
    RIFFLE_ASSIGN_OR_RETURN(const bus::Watermarks marks, log->source_->watermarks(where));
    log->parts_.push_back({marks.low, marks.low, marks.high});
    log->left_ += static_cast<std::uint64_t>(marks.high.value() - marks.low.value());
    if (marks.low < marks.high) positions.push_back({where, marks.low});
  }
  log->total_ = log->left_;
  RIFFLE_RETURN_IF_ERROR(log->source_->assign(positions));
  return log;
}

absl::StatusOr<bool> OutcomeLog::next(LoggedRound& round) {
  for (;;) {
    while (at_ < batch_.records.size())
      if (read(batch_.records[at_++], round)) return true;
    if (left_ == 0) return false;
    RIFFLE_RETURN_IF_ERROR(fetch());
  }
}

absl::Status OutcomeLog::fetch() {
  Milliseconds waited{0};
  for (;;) {
    RIFFLE_ASSIGN_OR_RETURN(batch_, source_->poll(kRecordsAPoll, kWait));
    at_ = 0;
    for (const bus::PartitionError& error : batch_.errors) return error.status;
    for (const bus::TopicPartition& end : batch_.ends) {
      // What is missing before the end was never there: transactions' marks, say.
      Part& part = parts_[static_cast<std::size_t>(end.partition.value())];
      if (batch_.records.empty() && part.next < part.end) {
        left_ -= static_cast<std::uint64_t>(part.end.value() - part.next.value());
        part.next = part.end;
      }
    }
    if (!batch_.records.empty() || left_ == 0) return absl::OkStatus();
    waited += kWait;
    if (waited >= options_.patience)
      return retriable_error(absl::StrCat("the bus gave nothing of ", options_.topic, " for ",
                                          options_.patience.count() / 1000, " s, with ", left_,
                                          " records to come; is the broker up?"));
  }
}

bool OutcomeLog::read(const bus::Record& record, LoggedRound& round) {
  Part& part = parts_[static_cast<std::size_t>(record.partition.value())];
  if (record.offset >= part.end) return false;  // written since the log was opened
  left_ -= static_cast<std::uint64_t>(record.offset.value() + 1 - part.next.value());
  part.next = Offset(record.offset.value() + 1);
  const auto where = [&] {
    return absl::StrCat(options_.topic, "/", record.partition.value(), "/", record.offset.value());
  };
  if (!record.value) {
    problems_.count("records without a value");
    return false;
  }
  absl::Status status = pb::decode(*record.value, outcome_);
  if (status.ok()) status = records::spread_candidates(outcome_);
  if (!status.ok()) {
    problems_.add("records that are no outcome", where(), std::string(status.message()));
    return false;
  }
  if (!is_new()) return false;
  if (!options_.surface.empty() && outcome_.surface() != options_.surface) {
    problems_.count("outcomes of other surfaces");
    return false;
  }
  if (!options_.logged_by.empty() && outcome_.policy_id() != options_.logged_by) {
    problems_.count(absl::StrCat("outcomes of policy ", outcome_.policy_id()));
    return false;
  }
  opened_ += outcome_.revision() == 0 ? 1 : 0;
  if (!outcome_.closed() && !options_.every_revision) {
    problems_.count("earlier revisions of outcomes");
    return false;
  }
  closed_ += outcome_.closed() ? 1 : 0;
  if (outcome_.slots_size() == 0) {
    problems_.count("lists without a slot");
    return false;
  }
  for (const pb::OutcomeSlot& slot : outcome_.slots()) {
    if (std::isfinite(slot.reward())) continue;
    problems_.add("outcomes with a reward that is no number", where(), "a reward is not finite");
    return false;
  }
  ++rounds_;
  fill(round);
  return true;
}

bool OutcomeLog::is_new() {
  const auto [at, first] = sequences_.emplace(outcome_.shard(), outcome_.sequence());
  if (first) return true;
  if (outcome_.sequence() <= at->second) {
    problems_.count("repeats of a sequence number");
    return false;
  }
  const std::uint64_t step = outcome_.sequence() - at->second;
  if (step < kGenerationStep) gaps_ += step - 1;
  at->second = outcome_.sequence();
  return true;
}

void OutcomeLog::fill(LoggedRound& round) const {
  round.clear();
  round.cluster = stable_hash(outcome_.user_id());
  round.outcome = &outcome_;
  round.identity = stable_hash(outcome_.recommendation_id());
  round.timestamp = std::to_string(outcome_.time_ms());
  for (int k = 0; k < outcome_.slots_size(); ++k) {
    const pb::OutcomeSlot& slot = outcome_.slots(k);
    round.slots.push_back({.action = 0,
                           .position = static_cast<std::uint32_t>(k),
                           .propensity = slot.propensity(),
                           .reward = slot.reward()});
  }
}

std::vector<ingest::RowCount> OutcomeLog::counts() const {
  std::vector<ingest::RowCount> counts = {{"closed outcomes", true, rounds_}};
  counts.insert(counts.end(), problems_.counts().begin(), problems_.counts().end());
  if (opened_ > closed_)
    counts.push_back({"lists whose windows are still open", false, opened_ - closed_});
  if (gaps_ > 0) counts.push_back({"outcomes that are missing from the log", false, gaps_});
  return counts;
}

std::optional<double> OutcomeLog::fraction() const {
  if (total_ == 0) return std::nullopt;
  return static_cast<double>(total_ - left_) / static_cast<double>(total_);
}

}  // namespace riffle::evaluation
