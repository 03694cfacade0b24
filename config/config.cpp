#include "config/config.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "config/checks.h"
#include "config/reader.h"

namespace riffle::config {

// Popularity and random are there as challengers: an arm of them shows what learning is worth.
Config::Config() {
  local.directory = "riffle-bus";
  rows.types = features::default_types();
  for (const char* name : {"linear", "popularity", "random"}) {
    serving::PolicyOptions policy;
    policy.id = PolicyId(name);
    policy.scorer = name;
    if (policy.scorer != "linear") policy.diversifier.kind = "none";
    if (policy.scorer == "popularity") policy.explorer.kind = "greedy";
    if (policy.scorer == "random") policy.explorer.kind = "uniform";  // so that its propensities are those of a draw
    policies.push_back(std::move(policy));
  }
  experiments.arms = {{PolicyId("linear"), 1.0}};
}

std::string Mistake::text(const std::string& file) const {
  return absl::StrCat(file, ":", line, ":", column, ": ", path, path.empty() ? "" : ": ", message);
}

Parsed parse(std::string_view yaml, const Environment& environment) {
  Parsed parsed;
  Places places;
  read(yaml, environment, parsed.config, places, parsed.mistakes);
  check(parsed.config, places, parsed.mistakes);
  std::stable_sort(parsed.mistakes.begin(), parsed.mistakes.end(), [](const Mistake& a, const Mistake& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  });
  return parsed;
}

absl::StatusOr<Config> load(const std::string& file, const Environment& environment) {
  std::error_code ignored;
  std::ifstream in(file, std::ios::binary);
  if (!in || std::filesystem::is_directory(file, ignored))
    return fatal_error(absl::StatusCode::kNotFound, absl::StrCat(file, ": cannot be read; is there such a file?"));
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  Parsed parsed = parse(text, environment);
  if (parsed.mistakes.empty()) return std::move(parsed.config);
  std::string all;
  for (const Mistake& mistake : parsed.mistakes) absl::StrAppend(&all, all.empty() ? "" : "\n", mistake.text(file));
  return fatal_error(absl::StatusCode::kInvalidArgument, all);
}

}  // namespace riffle::config
