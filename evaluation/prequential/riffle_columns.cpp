#include "evaluation/prequential/riffle_columns.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "features/packet_math.h"
#include "serving/vector_lanes.h"

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

void RowWriter::begin(std::span<float> rows) {
  rows_ = rows;
  expected_ = 0;
  const std::size_t most = features::whole_packets(rows.size() / kColumns * kLogs);
  if (most <= logs_.size()) return;
  logs_.resize(most);
  places_.resize(most);
}

void RowWriter::write(std::size_t row, const serving::CandidateBatch& batch, std::uint32_t i, const serving::Candidate& candidate,
                      ItemKey last, float of_neighbours) {
  using Columns = features::FeatureColumns;
  const auto signal = [&](Columns::Signal which) { return batch.signal(which)[i]; };
  const std::size_t first = row * kColumns;
  float* const out = rows_.data() + first;
  std::memcpy(out, batch.features(i).data(), features::kFeatureCount * sizeof(float));
  // By the register: the compiler's own way to clear a row's rest takes longer to begin than to do.
  for (std::size_t column = features::kFeatureCount; column < kColumns; column += serving::kLanes)
    serving::store_lanes(serving::FloatLanes{}, out + std::min(column, kColumns - serving::kLanes));
  write_sources(candidate, last, first);
  out[kFirstOfItem] = signal(Columns::kPopularityLog);
  out[kFirstOfItem + 1] = signal(Columns::kTrendLog);
  expect_log(first + kFirstOfItem + 2,
             (signal(Columns::kTrendSignal) + kFewOfTrend) / (signal(Columns::kPopularitySignal) + kFewOfPopularity));
  if (of_neighbours > 0) expect_log(first + kFirstOfItem + 3, 1 + of_neighbours / kFewOfNeighbours);
}

void RowWriter::write_sources(const serving::Candidate& candidate, ItemKey last, std::size_t row) {
  constexpr std::uint32_t kRequest = 1u << serving::index_of(serving::CandidateSourceId::kRequest);
  for (std::uint32_t sources = candidate.sources & ~kRequest; sources != 0; sources &= sources - 1) {
    const auto source = static_cast<serving::CandidateSourceId>(std::countr_zero(sources));
    const serving::SourceMark& mark = candidate.mark(source);
    float* const out = rows_.data() + row + column_of(source, 0);
    out[kNamed] = 1;
    if (!(mark.score > 0)) continue;
    out[kScore] = std::min(mark.score, 2.0F);
    expect_log(row + log_column_of(source), 1 + std::min(mark.score, 1e6F) * 300);
    if (last != ItemKey() && mark.evidence == last) out[kLast] = out[kScore];
  }
}

void RowWriter::finish() {
  const std::span<float> logs = std::span(logs_).first(features::whole_packets(expected_));
  std::fill(logs.begin() + static_cast<std::ptrdiff_t>(expected_), logs.end(), 1.0F);
  features::take_logs(logs);
  for (std::size_t i = 0; i < expected_; ++i) rows_[places_[i]] = logs_[i];
}

}  // namespace riffle::evaluation
