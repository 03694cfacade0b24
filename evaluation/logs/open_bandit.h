// The Open Bandit Dataset (Saito et al. 2020, arXiv:2008.07146) as CSV, plain or gzip: one row an
// impression, with the columns item_id, position (from 1), click and propensity_score, in any order,
// and user-item_affinity_0 … n−1, which say how many items there are. A column user_id, which the
// published files do not have, makes a user's rows one cluster.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "evaluation/logs/problem_list.h"
#include "evaluation/logs/round_source.h"
#include "ingest/line_reader.h"

namespace riffle::evaluation {

class OpenBanditLog final : public RoundSource {
 public:
  // `actions`: how many items there are; 0: as many as there are affinity columns. "-" reads
  // standard input. InvalidArgument: a column is missing.
  static absl::StatusOr<std::unique_ptr<RoundSource>> open(const std::string& path,
                                                           std::uint32_t actions = 0);

  absl::StatusOr<bool> next(LoggedRound& round) override;
  std::vector<ingest::RowCount> counts() const override;
  const std::vector<std::string>& problems() const override { return problems_.lines(); }
  std::optional<double> fraction() const override;

 private:
  enum Column { kItem, kPosition, kClick, kPropensity, kUser, kTime, kColumns };
  static constexpr std::size_t kNeeded = kUser;  // the columns before it must be there

  OpenBanditLog(std::unique_ptr<ingest::ByteSource> source, std::size_t size);
  absl::Status read_header(std::uint32_t actions);
  bool split(std::string_view line);
  bool read(std::string_view line, LoggedRound& round);
  void refuse(std::string_view what, std::string_view message);

  ingest::LineReader lines_;
  std::size_t size_;  // of the file, where it is plain; 0: unknown
  std::size_t read_bytes_ = 0;
  std::array<std::size_t, kColumns> place_{};  // by Column: which field
  std::size_t last_place_ = 0;
  bool numbered_ = false;  // the first column has no name: it numbers the rows
  std::array<std::string_view, kColumns> fields_;
  std::uint32_t actions_ = 0;
  std::uint64_t rounds_ = 0;
  ProblemList problems_;
};

}  // namespace riffle::evaluation
