#include "evaluation/targets/distribution_file.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/errors.h"
#include "base/rng.h"
#include "ingest/csv_reader.h"
#include "ingest/line_reader.h"

namespace riffle::evaluation {
namespace {

constexpr double kRounding = 1e-6;
constexpr std::int32_t kMostPositions = 1000;
constexpr std::size_t kLongestLine = 1 << 16;

absl::Status mistake(const std::string& path, std::uint64_t line, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(path, ":", line, ": ", std::string(what)));
}

absl::Status check_sums(const std::string& path, const FixedDistribution& distribution) {
  for (std::size_t k = 0; k < distribution.positions.size(); ++k) {
    const auto& row = distribution.positions[k];
    const double sum = std::accumulate(row.begin(), row.end(), 0.0);
    if (std::abs(sum - 1) > kRounding)
      return absl::InvalidArgumentError(absl::StrCat(
          path, ": the probabilities of position ", k + 1, " sum to ", sum, ", and not to 1"));
  }
  return absl::OkStatus();
}

// Marsaglia & Tsang 2000, for shape ≥ 1; below it, by the boost Γ(a) = Γ(a + 1)·U^(1/a).
double gamma_draw(double shape, Rng& rng) {
  if (shape < 1) return gamma_draw(shape + 1, rng) * std::pow(1 - rng.uniform(), 1 / shape);
  const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = rng.normal();
    const double v = std::pow(1 + c * x, 3);
    if (v <= 0) continue;
    if (std::log(1 - rng.uniform()) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
  }
}

double beta_draw(double alpha, double beta, Rng& rng) {
  const double a = gamma_draw(alpha, rng);
  return a / (a + gamma_draw(beta, rng));
}

std::string_view stripped(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  const std::size_t last = text.find_last_not_of(" \r");
  return first == std::string_view::npos ? std::string_view()
                                         : text.substr(first, last - first + 1);
}

}  // namespace

absl::StatusOr<FixedDistribution> read_distribution_csv(const std::string& path) {
  RIFFLE_ASSIGN_OR_RETURN(auto source, ingest::ByteSource::open(path));
  ingest::CsvReader rows(std::move(source));
  std::vector<std::string> fields;
  RIFFLE_ASSIGN_OR_RETURN(const bool any, rows.next(fields));
  if (!any || fields != std::vector<std::string>{"item_id", "position", "probability"})
    return mistake(path, 1, "the first line must be item_id,position,probability");
  FixedDistribution distribution;
  distribution.description = path;
  absl::flat_hash_map<std::string, std::size_t> numbers;
  for (;;) {
    RIFFLE_ASSIGN_OR_RETURN(const bool more, rows.next(fields));
    if (!more) break;
    std::int32_t position = 0;
    double probability = 0;
    if (fields.size() != 3 || fields[0].empty())
      return mistake(path, rows.line(), "expected item_id,position,probability");
    if (!absl::SimpleAtoi(fields[1], &position) || position < 1 || position > kMostPositions)
      return mistake(path, rows.line(), "position is not 1, 2, 3 …");
    if (!absl::SimpleAtod(fields[2], &probability) || !(probability >= 0 && probability <= 1))
      return mistake(path, rows.line(), "probability is not in [0, 1]");
    const auto [at, added] = numbers.emplace(fields[0], distribution.names.size());
    if (added) distribution.names.push_back(fields[0]);
    auto& positions = distribution.positions;
    const auto k = static_cast<std::size_t>(position - 1);
    if (positions.size() <= k) positions.resize(k + 1);
    if (positions[k].size() <= at->second) positions[k].resize(at->second + 1, 0);
    positions[k][at->second] += probability;
  }
  RIFFLE_RETURN_IF_ERROR(check_sums(path, distribution));
  return distribution;
}

absl::StatusOr<ThompsonPrior> read_thompson_prior(const std::string& path,
                                                  const std::string& campaign) {
  RIFFLE_ASSIGN_OR_RETURN(auto source, ingest::ByteSource::open(path));
  ingest::LineReader lines(std::move(source), kLongestLine);
  std::vector<std::string> campaigns;
  std::map<std::string, std::vector<double>> lists = {{"alpha", {}}, {"beta", {}}};
  std::vector<double>* list = nullptr;  // that `- number` lines belong to; null: of another campaign
  std::string_view line;
  for (;;) {
    RIFFLE_ASSIGN_OR_RETURN(const bool more, lines.next(line));
    if (!more) break;
    const std::string_view text = stripped(line);
    if (text.empty() || text.front() == '#') continue;
    if (text.back() == ':') {
      const std::string name(text.substr(0, text.size() - 1));
      list = nullptr;
      if (line.front() != ' ') campaigns.push_back(name);
      else if (campaigns.empty() || !lists.contains(name))
        return mistake(path, lines.number(), "expected alpha: or beta: below a campaign");
      else if (campaigns.back() == campaign) list = &lists[name];
      continue;
    }
    double number = 0;
    if (!text.starts_with("- ") || !absl::SimpleAtod(std::string(stripped(text.substr(2))), &number) ||
        !(number > 0 && std::isfinite(number)))
      return mistake(path, lines.number(),
                     "expected `- ` and a positive number; this is no prior of Thompson sampling");
    if (list != nullptr) list->push_back(number);
  }
  if (std::find(campaigns.begin(), campaigns.end(), campaign) == campaigns.end())
    return absl::NotFoundError(absl::StrCat(path, " has no campaign `", campaign,
                                            "`; say one of: ", absl::StrJoin(campaigns, ", ")));
  ThompsonPrior prior{std::move(lists["alpha"]), std::move(lists["beta"])};
  if (prior.alpha.empty() || prior.alpha.size() != prior.beta.size())
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", campaign, " has ",
                                                   prior.alpha.size(), " numbers in alpha and ",
                                                   prior.beta.size(), " in beta"));
  return prior;
}

FixedDistribution thompson_distribution(const ThompsonPrior& prior, std::size_t list_length,
                                        std::size_t draws, std::uint64_t seed) {
  const std::size_t items = prior.alpha.size();
  list_length = std::min(list_length, items);
  FixedDistribution distribution;
  distribution.positions.resize(list_length);
  for (std::vector<double>& row : distribution.positions) row.resize(items, 0);
  for (std::size_t item = 0; item < items; ++item)
    distribution.names.push_back(std::to_string(item));
  Rng rng(seed);
  std::vector<double> theta(items);
  std::vector<std::uint32_t> order(items);
  for (std::size_t draw = 0; draw < draws; ++draw) {
    for (std::size_t item = 0; item < items; ++item)
      theta[item] = beta_draw(prior.alpha[item], prior.beta[item], rng);
    std::iota(order.begin(), order.end(), 0);
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(list_length),
                      order.end(),
                      [&](std::uint32_t a, std::uint32_t b) { return theta[a] > theta[b]; });
    for (std::size_t k = 0; k < list_length; ++k) distribution.positions[k][order[k]] += 1;
  }
  for (auto& row : distribution.positions)
    for (double& count : row) count /= static_cast<double>(draws);
  distribution.description = absl::StrCat("Thompson sampling of ", items, " items, by ", draws,
                                          " draws (seed ", seed, ")");
  return distribution;
}

}  // namespace riffle::evaluation
