// What a prequential evaluation found: for the eye, for a program, and as a page. docs/evaluation.md documents the JSON.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "evaluation/intervals.h"
#include "evaluation/prequential/prequential.h"
#include "ingest/adapters/adapter.h"

namespace riffle::evaluation {

// What was asked, in words and numbers, and what became of the log: printed with the answer.
struct PrequentialReport {
  std::string log;  // "Online Retail 2010-12.csv.gz, …"
  PrequentialOptions options;
  IntervalOptions intervals;
  std::vector<ingest::RowCount> read;
  std::vector<std::string> problems;
  bool partial = false;   // stopped before the log's end
  std::string cut_short;  // why the log ended before its end; empty: it did not
  double seconds = 0;
  PrequentialResult result;
};

std::string prequential_text(const PrequentialReport& report);
std::string prequential_json(const PrequentialReport& report);
// One file, without any other: styles, plots (SVG) and numbers are in it.
std::string prequential_html(const PrequentialReport& report);

// The protocol in one line: "by line, new items only, …". For all three.
std::string protocol_text(const PrequentialOptions& options);

}  // namespace riffle::evaluation
