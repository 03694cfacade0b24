// Riffle's own log: the closed outcomes of a bus's `outcomes` topic, from its beginning to where it
// ends when it is opened. An outcome stands by itself: it carries the slots with their propensities,
// the rewards so far, and the candidates.
//
// Only the last revision of an outcome (closed: its windows are over) is a round: earlier ones would
// count rewards that are still to come as none. Repeats of a shard's sequence are skipped, as the
// learner does. Lists without a slot chose nothing and are left out.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "bus/bus.h"
#include "evaluation/logs/problem_list.h"
#include "evaluation/logs/round_source.h"

namespace riffle::evaluation {

struct OutcomeLogOptions {
  std::string topic;
  std::string surface;     // empty: all
  bool every_revision = false;  // give earlier revisions, too: for what learns of the log
  std::string logged_by;   // the policy that made the lists; empty: whichever
  Milliseconds patience{10000};  // for a broker that delivers nothing before the end
};

class OutcomeLog final : public RoundSource {
 public:
  // `bus` outlives it. NotFound: no such topic.
  static absl::StatusOr<std::unique_ptr<RoundSource>> open(bus::Bus& bus,
                                                           const OutcomeLogOptions& options);

  absl::StatusOr<bool> next(LoggedRound& round) override;
  std::vector<ingest::RowCount> counts() const override;
  const std::vector<std::string>& problems() const override { return problems_.lines(); }
  std::optional<double> fraction() const override;

 private:
  OutcomeLog(std::unique_ptr<bus::Source> source, const OutcomeLogOptions& options)
      : source_(std::move(source)), options_(options) {}
  absl::Status fetch();
  bool read(const bus::Record& record, LoggedRound& round);
  bool is_new();
  void fill(LoggedRound& round) const;

  struct Part {
    Offset from, next, end;
  };

  std::unique_ptr<bus::Source> source_;
  OutcomeLogOptions options_;
  std::vector<Part> parts_;  // by partition
  bus::Batch batch_;
  std::size_t at_ = 0;
  std::uint64_t left_ = 0, total_ = 0;  // records
  pb::Outcome outcome_;
  absl::flat_hash_map<std::int32_t, std::uint64_t> sequences_;  // highest read, by shard
  std::uint64_t rounds_ = 0, opened_ = 0, closed_ = 0, gaps_ = 0;
  ProblemList problems_;
};

}  // namespace riffle::evaluation
