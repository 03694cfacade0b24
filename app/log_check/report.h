// What `riffle log check` says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/log_check/join_check.h"
#include "evaluation/log_check.h"
#include "ingest/adapters/adapter.h"

namespace riffle::app {

struct LogReport {
  std::string log;
  evaluation::LogFigures figures;
  std::vector<ingest::RowCount> read;
  std::vector<std::string> problems;
  std::optional<JoinFigures> joins;  // of Riffle's own log
  std::vector<evaluation::Finding> findings;
  std::string cut_short;  // why it ended before its end; empty: it did not
  double seconds = 0;

  bool good() const;  // nothing bad was found
};

// Adds what the joins say to the findings.
void add_join_findings(LogReport& report);

std::string log_text(const LogReport& report);
std::string log_json(const LogReport& report);

}  // namespace riffle::app
