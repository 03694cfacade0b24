// A log of JSON lines, one slot a line (records/logged_line.h), plain or gzip, from a file or
// standard input.
//
// A line that says no action or no reward is counted and left out: nothing is known of what it
// decided, or of what came of it. So is a whole slate whose positions are not 0, 1, 2 …, for the
// probability of its prefix is not known then.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "evaluation/logs/problem_list.h"
#include "evaluation/logs/round_source.h"
#include "ingest/line_reader.h"
#include "records/logged_line.h"

namespace riffle::evaluation {

class JsonRounds final : public RoundSource {
 public:
  // `actions`: how many there are, for lines that do not say. `names`: those that are numbered first.
  static absl::StatusOr<std::unique_ptr<RoundSource>> open(
      const std::string& path, std::uint32_t actions = 0,
      const std::vector<std::string>& names = {});

  absl::StatusOr<bool> next(LoggedRound& round) override;
  std::vector<ingest::RowCount> counts() const override;
  const std::vector<std::string>& problems() const override { return problems_.lines(); }
  std::uint64_t unreadable_propensities() const override { return unreadable_; }
  std::optional<double> fraction() const override;

 private:
  JsonRounds(std::unique_ptr<ingest::ByteSource> source, std::size_t size, std::uint32_t actions);

  absl::StatusOr<bool> read_line();
  bool usable(const std::optional<records::Reason>& reason, std::string_view text);
  void begin(LoggedRound& round);
  void append(LoggedRound& round);
  bool whole(LoggedRound& round);
  std::uint32_t number(std::string_view action);
  void refuse(std::string_view what, std::string_view message);

  ingest::LineReader lines_;
  std::size_t size_;
  std::size_t read_bytes_ = 0;
  std::uint32_t actions_;
  records::LoggedLineDecoder decoder_;
  records::LoggedLine line_;
  bool waiting_ = false;  // line_ belongs to the next round
  std::string slate_;     // recommendation_id of the round at hand
  std::uint64_t line_hash_ = 0;  // of line_
  absl::flat_hash_map<std::string, std::uint32_t> numbers_;
  absl::flat_hash_map<std::string, std::uint32_t> strata_;
  std::uint64_t rounds_ = 0, slots_ = 0, used_ = 0, unreadable_ = 0;
  ProblemList problems_;
};

}  // namespace riffle::evaluation
