// What the ranker of RifflePolicy sees of a candidate, as kColumns numbers: the features that every scorer reads; of each
// candidate source whether it named the item, its score, the score's logarithm, which tells small ones apart, and the score
// once more where the user's very last item led there; what all users, and those most like him, do with the item; and the
// user's own history with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "features/feature_vector.h"
#include "features/key_table.h"
#include "records/rows.h"
#include "serving/candidate_batch.h"
#include "serving/gatherer.h"

namespace riffle::evaluation {

constexpr std::size_t kOfSource = 3;  // besides its logarithm
// The request's own candidates, the first of the sources, are none here.
constexpr std::size_t kSources = serving::kCandidateSources - 1;
// Logarithms of the item's decayed popularity (slow half-life), its trend (fast), of the trend as a share of the popularity,
// and of how often it is taken by users like him (user_neighbours.h).
constexpr std::size_t kOfItem = 4;
// The item's sessions, their share of the user's sessions, whether it was in the last one, and how long ago that was.
constexpr std::size_t kOfHistory = 4;
constexpr std::size_t kFirstOfSources = features::kFeatureCount;
// All logarithms lie side by side: the sources' scores', and the item's.
constexpr std::size_t kFirstOfLogs = kFirstOfSources + kOfSource * kSources;
constexpr std::size_t kLogs = kSources + kOfItem;
constexpr std::size_t kFirstOfItem = kFirstOfLogs + kSources;
constexpr std::size_t kFirstOfHistory = kFirstOfItem + kOfItem;
constexpr std::size_t kColumns = kFirstOfHistory + kOfHistory;

// For reports: "together score", "own sessions".
std::string column_name(std::size_t column);
// Where the weights start (all others: 0), tuned on 2010-12 and 2011-01 of Online Retail. A stream too short to teach them (a
// few thousand baskets) is ranked sensibly from its beginning; a long one moves them.
std::vector<std::pair<std::size_t, float>> first_weights();

// A user's sessions with each item of his history. One thread; keeps its memory.
class OwnSessions {
 public:
  // Null: a user without one. A session ends with a pause of more than `gap`.
  void read(const records::UserRow* user, Milliseconds gap);
  // The columns of history, after RowWriter::finish(). What he had is told apart by them: that the things of a basket lead to each
  // other says little of what he will take again, so those scores count of new items only.
  void write(ItemKey key, TimePoint now, std::span<float, kColumns> row) const;

 private:
  struct Item {
    std::uint32_t sessions = 0, last_session = 0;
    std::int64_t last_ms = 0;
  };
  features::KeyTable<ItemKey, Item> items_;
  std::uint32_t sessions_ = 0;
};

// Writes rows, one after the other, of which the logarithms are taken together in the end: most columns of them are 0 and need
// none. One thread; keeps its memory.
class RowWriter {
 public:
  // What is written until finish() lies in `rows`, kColumns numbers a row, each row written once.
  void begin(std::span<float> rows);
  // Of candidate i of the batch. `last`: the user's very last item; 0: none. `of_neighbours`: UserNeighbours' score.
  void write(std::size_t row, const serving::CandidateBatch& batch, std::uint32_t i, const serving::Candidate& candidate, ItemKey last,
             float of_neighbours);
  void finish();

 private:
  void write_sources(const serving::Candidate& candidate, ItemKey last, std::size_t row);
  // ln x goes to this place among the rows.
  void expect_log(std::size_t place, float x) {
    places_[expected_] = static_cast<std::uint32_t>(place);
    logs_[expected_++] = x;
  }

  std::span<float> rows_;
  std::size_t expected_ = 0;             // of the next two, which have room for all
  std::vector<float> logs_;
  std::vector<std::uint32_t> places_;
};

}  // namespace riffle::evaluation
