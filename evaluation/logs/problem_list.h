// Counts of what was not used, by reason, and the first few of them in words.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/adapters/adapter.h"

namespace riffle::evaluation {

class ProblemList {
 public:
  // `what` names the reason and is the same for all rows that share it; `where` is "file:line".
  void add(std::string_view what, std::string_view where, std::string_view message) {
    count(what);
    if (lines_.size() < ingest::Adapter::kMostProblems)
      lines_.push_back(std::string(where) + ": " + std::string(message));
  }
  // Left out by rule: no mistake.
  void count(std::string_view what) {
    for (ingest::RowCount& known : counts_) {
      if (known.what != what) continue;
      ++known.rows;
      return;
    }
    counts_.push_back({std::string(what), false, 1});
  }

  const std::vector<ingest::RowCount>& counts() const { return counts_; }
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::vector<ingest::RowCount> counts_;
  std::vector<std::string> lines_;
};

}  // namespace riffle::evaluation
