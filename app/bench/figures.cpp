#include "app/bench/figures.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <thread>

#include "absl/strings/str_format.h"
#include "app/command_line.h"
#include "base/clock.h"
#include "records/json_writer.h"

namespace riffle::app::bench {
namespace {

std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

std::string number_text(double number) {
  return std::abs(number) >= 1000 ? absl::StrFormat("%.0f", number) : absl::StrFormat("%.4g", number);
}

void write_spread(const std::vector<double>& runs, records::JsonWriter& json) {
  const Spread spread = spread_of(runs);
  json.begin_object().member("median", spread.median).member("low", spread.low).member("high", spread.high);
  json.key("runs").begin_array();
  for (const double run : runs) json.value(run);
  json.end_array().end_object();
}

}  // namespace

Spread spread_of(std::vector<double> runs) {
  if (runs.empty()) return {};
  std::sort(runs.begin(), runs.end());
  const std::size_t half = runs.size() / 2;
  const double median = runs.size() % 2 == 1 ? runs[half] : (runs[half - 1] + runs[half]) / 2;
  return {median, runs.front(), runs.back()};
}

double quantile(std::vector<double>& samples, double q) {
  if (samples.empty()) return 0;
  const double rank = std::ceil(q * static_cast<double>(samples.size()));
  const std::size_t index = std::clamp<std::size_t>(static_cast<std::size_t>(rank), 1, samples.size()) - 1;
  const auto at = samples.begin() + static_cast<std::ptrdiff_t>(index);
  std::nth_element(samples.begin(), at, samples.end());
  return *at;
}

void Figures::add(const std::string& name, double value) {
  for (auto& [known, runs] : named_) {
    if (known == name) return runs.push_back(value);
  }
  named_.emplace_back(name, std::vector<double>{value});
}

void Figures::add_latency(const std::string& name, std::vector<double> samples_ms) {
  add(name + ".p50", quantile(samples_ms, .50));
  add(name + ".p99", quantile(samples_ms, .99));
  add(name + ".samples", static_cast<double>(samples_ms.size()));
}

std::string Figures::text() const {
  std::string table = absl::StrFormat("%-34s %12s %12s %12s %5s\n", "", "median", "low", "high", "runs");
  for (const auto& [name, runs] : named_) {
    const Spread spread = spread_of(runs);
    absl::StrAppendFormat(&table, "%-34s %12s %12s %12s %5d\n", name, number_text(spread.median), number_text(spread.low),
                          number_text(spread.high), runs.size());
  }
  return table;
}

std::string Figures::json(const WorkloadOptions& workload) const {
  records::JsonWriter json;
  json.begin_object().member("version", version()).member("date", SystemClock().now());
  json.key("machine").begin_object().member("processor", processor());
  json.member("cores", std::thread::hardware_concurrency()).end_object();
  json.key("workload").begin_object();
  json.member("users", std::uint64_t{workload.users}).member("user_exponent", workload.user_exponent);
  json.member("items", std::uint64_t{workload.items}).member("item_exponent", workload.item_exponent);
  json.member("categories", std::uint64_t{workload.categories}).member("duplicates", workload.duplicates);
  json.member("malformed", workload.malformed).member("event_bytes", std::uint64_t{workload.event_bytes});
  json.member("seed", workload.seed).end_object();
  std::string open;  // what the parts that are being written belong to
  for (const auto& [name, runs] : named_) {
    const std::size_t dot = name.find('.');
    const std::string whole = dot == std::string::npos ? "" : name.substr(0, dot);
    if (whole != open) {
      if (!open.empty()) json.end_object();
      if (!whole.empty()) json.key(whole).begin_object();
      open = whole;
    }
    json.key(dot == std::string::npos ? name : name.substr(dot + 1));
    write_spread(runs, json);
  }
  if (!open.empty()) json.end_object();
  json.end_object();
  return json.take();
}

}  // namespace riffle::app::bench
