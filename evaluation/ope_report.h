// What an off-policy evaluation found, for the eye and for a program. docs/evaluation.md documents the
// JSON.
#pragma once

#include <string>
#include <vector>

#include "evaluation/ope.h"

namespace riffle::evaluation {

// What was asked, in words: printed with the answer, for a number without it means nothing.
struct OpeQuestion {
  std::string log;                // "open-bandit men.csv.gz"
  std::string target;             // its description
  std::string reward_model;       // "item × position, prior 50, 5 folds"; empty: none
  // Of a target that was trained on the log, by fold: what its policy had to learn from.
  struct Fold {
    std::uint64_t outcomes = 0, slots = 0;
  };
  std::vector<Fold> folds;
  OpeOptions options;
  std::vector<std::string> notes;  // what else the answer rests on
};

std::string ope_text(const OpeQuestion& question, const OpeResult& result);
std::string ope_json(const OpeQuestion& question, const OpeResult& result);
// One file, without any other: styles, plots (SVG) and numbers are in it.
std::string ope_html(const OpeQuestion& question, const OpeResult& result);

}  // namespace riffle::evaluation
