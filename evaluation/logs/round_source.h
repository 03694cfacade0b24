// A log, read as rounds from its beginning. Evaluation reads it once or twice and keeps none of it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "evaluation/logged_round.h"
#include "ingest/adapters/adapter.h"

namespace riffle::evaluation {

class RoundSource {
 public:
  virtual ~RoundSource() = default;

  // The next round, into `round`; false: the end. Errors are of the log as a whole (unreadable, cut
  // short, not of this format): what was given before is good.
  virtual absl::StatusOr<bool> next(LoggedRound& round) = 0;

  // What became of the rows so far: every one is in exactly one count.
  virtual std::vector<ingest::RowCount> counts() const = 0;
  // The first few rows that look like mistakes: "log.jsonl:17: …".
  virtual const std::vector<std::string>& problems() const = 0;
  // Rows that were not given because their propensity is no number at all.
  virtual std::uint64_t unreadable_propensities() const { return 0; }

  // Share of the log that was read, in [0, 1]; nothing where its length is not known.
  virtual std::optional<double> fraction() const = 0;
};

// Opens the log at its beginning, each time it is called.
using OpenRounds = std::function<absl::StatusOr<std::unique_ptr<RoundSource>>()>;

}  // namespace riffle::evaluation
