#include "evaluation/prequential/riffle_columns.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "features/packet_math.h"

namespace riffle::evaluation {
namespace {

constexpr std::size_t column_of(serving::CandidateSourceId source, std::size_t part) {
  return kFirstOfSources + kOfSource * (serving::index_of(source) - 1) + part;
}

constexpr std::size_t log_column_of(serving::CandidateSourceId source) {
  return kFirstOfLogs + serving::index_of(source) - 1;
}

// Of kOfSource.
constexpr std::size_t kNamed = 0, kScore = 1, kLast = 2;
constexpr std::array<const char*, kOfSource> kSourceParts = {"named", "score", "last"};
constexpr std::array<const char*, kOfItem> kItemParts = {"popularity log", "trend log", "trend share log",
                                                         "neighbours log"};
constexpr std::array<const char*, kOfHistory> kHistoryParts = {"sessions", "share", "last session", "recency"};

// Added before logarithms are taken, so that what hardly occurred is not told apart by chance.
constexpr float kFewOfTrend = 0.1F, kFewOfPopularity = 1, kFewOfNeighbours = 0.005F;

}  // namespace

std::string column_name(std::size_t column) {
  if (column < kFirstOfSources) return std::string(features::feature_specs()[column].name);
  if (column >= kFirstOfHistory) return absl::StrCat("own ", kHistoryParts[column - kFirstOfHistory]);
  if (column >= kFirstOfItem) return kItemParts[column - kFirstOfItem];
  if (column >= kFirstOfLogs)
    return absl::StrCat(std::string(serving::name_of(static_cast<serving::CandidateSourceId>(column - kFirstOfLogs + 1))),
                        " log");
  const std::size_t at = column - kFirstOfSources;
  return absl::StrCat(std::string(serving::name_of(static_cast<serving::CandidateSourceId>(at / kOfSource + 1))), " ",
                      kSourceParts[at % kOfSource]);
}

std::vector<std::pair<std::size_t, float>> first_weights() {
  using serving::CandidateSourceId;
  return {{column_of(CandidateSourceId::kTogether, kScore), 1.0F},
          {log_column_of(CandidateSourceId::kTogether), 0.2F},
          {column_of(CandidateSourceId::kNext, kScore), 0.4F},
          {kFirstOfItem, 0.3F},           // popularity
          {kFirstOfItem + 1, 0.3F},       // trend
          {kFirstOfItem + 2, 0.2F},       // its share
          {kFirstOfItem + 3, 0.3F},       // neighbours
          {kFirstOfHistory, 1.8F},        // sessions
          {kFirstOfHistory + 1, 0.5F},    // their share
          {kFirstOfHistory + 2, -0.2F}};  // in the last one
}

void OwnSessions::read(const records::UserRow* user, Milliseconds gap) {
  items_ = {};
  sessions_ = 0;
  if (!user) return;
  std::int64_t before = std::numeric_limits<std::int64_t>::min() / 2;
  for (const records::HistoryEntry& entry : user->history) {
    if (entry.time_ms - before > gap.count()) ++sessions_;
    before = entry.time_ms;
    if (entry.weight <= 0) continue;
    Item& item = items_.edit(entry.item);
    if (item.last_session != sessions_) ++item.sessions;
    item.last_session = sessions_;
    item.last_ms = entry.time_ms;
  }
}

void OwnSessions::write(ItemKey key, TimePoint now, std::span<float, kColumns> row) const {
  const Item* const item = items_.find(key);
  if (!item) return;
  for (const auto source : {serving::CandidateSourceId::kTogether, serving::CandidateSourceId::kNext})
    row[column_of(source, kScore)] = 0;
  const auto out = row.last<kOfHistory>();
  const auto taken = static_cast<float>(item->sessions);
  const float days = static_cast<float>(to_ms(now) - item->last_ms) / 86'400'000.0F;
  out[0] = std::log1p(taken);
  out[1] = taken / static_cast<float>(sessions_);
  out[2] = item->last_session == sessions_ ? 1.0F : 0.0F;
  out[3] = std::exp2(-days / 30);
}

void begin_row(std::span<float, kColumns> row) {
  static constexpr std::array<float, kColumns> kEmpty = [] {
    std::array<float, kColumns> empty{};
    for (std::size_t i = 0; i < kLogs; ++i) empty[kFirstOfLogs + i] = 1;  // whose logarithm is 0
    return empty;
  }();
  std::memcpy(row.data(), kEmpty.data(), sizeof kEmpty);
}

void write_candidate(std::span<const float> features, const serving::Candidate& candidate, ItemKey last,
                     std::span<float, kColumns> row) {
  std::copy(features.begin(), features.end(), row.begin());
  constexpr std::uint32_t kRequest = 1u << serving::index_of(serving::CandidateSourceId::kRequest);
  for (std::uint32_t sources = candidate.sources & ~kRequest; sources != 0; sources &= sources - 1) {
    const auto source = static_cast<serving::CandidateSourceId>(std::countr_zero(sources));
    const serving::SourceMark& mark = candidate.mark(source);
    const float score = std::max(mark.score, 0.0F);
    float* const out = &row[column_of(source, 0)];
    out[kNamed] = 1;
    out[kScore] = std::min(score, 2.0F);
    row[log_column_of(source)] = 1 + std::min(score, 1e6F) * 300;
    out[kLast] = last != ItemKey() && mark.evidence == last ? out[kScore] : 0.0F;
  }
}

void write_item(const features::ItemSignals& item, float of_neighbours, std::span<float, kOfItem> out) {
  const auto popularity = static_cast<float>(std::max(item.popularity, 0.0));
  const auto trend = static_cast<float>(std::max(item.trend, 0.0));
  out[0] = 1 + popularity;
  out[1] = 1 + trend;
  out[2] = (trend + kFewOfTrend) / (popularity + kFewOfPopularity);
  out[3] = 1 + of_neighbours / kFewOfNeighbours;
}

void take_logs(std::span<float, kColumns> row) {
  std::array<float, features::whole_packets(kLogs)> logs;
  logs.fill(1);
  std::memcpy(logs.data(), row.data() + kFirstOfLogs, kLogs * sizeof(float));
  features::take_logs(logs);
  std::memcpy(row.data() + kFirstOfLogs, logs.data(), kLogs * sizeof(float));
}

}  // namespace riffle::evaluation
