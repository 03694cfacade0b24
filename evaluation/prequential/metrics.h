// The metrics of a list against what was taken then. Every one of them is a ratio of two sums over the evaluation points,
// so that totals, slices, groups and resamples of groups are made from the same numbers.
//
// T: what was taken (one item where lines are revealed, a basket's items else); h: how many of the list's first k are in T;
// r_1 < r_2 < …: their ranks, from 1; I: the items listed (up to k).
//
//   precision    Σ h / Σ k                                       (Manning, Raghavan & Schütze 2008, ch. 8)
//   recall       Σ h / Σ |T|: pooled over what was taken
//   f1           mean of 2h / (k + |T|)                          (van Rijsbergen 1979)
//   hit_rate     mean of [h > 0]                                 (Deshpande & Karypis 2004)
//   ndcg         mean of Σ_j 1/log₂(r_j + 1) / Σ_{r ≤ min(k, |T|)} 1/log₂(r + 1)   (Järvelin & Kekäläinen 2002)
//   mrr          mean of 1/r_1, 0 without a hit                  (Voorhees 1999)
//   map          mean of Σ_j (j / r_j) / min(k, |T|)             (Manning et al.)
//   ild_category, ild_text    mean of 2/(m(m−1)) Σ_{a<b} (1 − sim(a, b)) over the m items whose category (title) is known
//                (Smyth & McClave 2001, Ziegler et al. 2005), with the likenesses of serving/slate_distance.h;
//   ilmd_category, ilmd_text  mean of the smallest distance instead of the mean: what shows near-duplicates
//   novelty      mean over items listed of −log₂(n(i) / Σ n)     (Zhou et al. 2010; of items taken before)
//   serendipity  Σ |T ∩ I \ the k most popular| / Σ k            (Ge, Delgado-Battenfeld & Jannach 2010)
//   calibration  mean of KL(p ‖ .99 q + .01 p), p the user's shares of (deepest) categories, q the list's
//                (Steck 2018); of users and lists with known categories; 0 is calibrated
//   repeat_rate  share of the items listed that the user had before
//   long_tail    share of the items listed that are not among the fifth of the items that is taken most often
//
// And of all lists of a policy together (Spread below): coverage, Gini, entropy.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "evaluation/prequential/ledger.h"

namespace riffle::evaluation {

enum Sum : std::size_t {
  kPoints, kPlaces, kTaken, kHits, kHitPoints, kF1, kNdcg, kReciprocalRank, kAveragePrecision,
  kCategoryLists, kCategoryMean, kCategorySmallest, kTextLists, kTextMean, kTextSmallest,
  kListed, kNovelItems, kNovelty, kSerendipity, kCalibratedLists, kCalibration, kRepeats, kLongTail,
  kSums
};
using Sums = std::array<double, kSums>;

struct MetricFacts {
  std::string_view name;
  Sum numerator;
  Sum denominator;
  bool more_is_better;
};
std::span<const MetricFacts> all_metrics();
const MetricFacts& metric_named(std::string_view name);  // checks that it exists
// None: nothing to take it over.
std::optional<double> value_of(const MetricFacts& metric, const Sums& sums);

// One list at one evaluation point, judged at any k.
class JudgedList {
 public:
  // `taken`: each once, empty entries (items that had not appeared) included in their number. `popular`: the items that
  // are most popular, best first, as many as the list may have. Spans live as long as the judged list is used.
  void judge(const Ledger& ledger, UserIndex user, std::span<const ItemIndex> list,
             std::span<const std::optional<ItemIndex>> taken, std::span<const ItemIndex> popular);
  void add_to(Sums& sums, std::size_t k) const;
  bool hit(std::size_t rank) const { return hits_[rank]; }

 private:
  struct Distances {  // of the list's first 1, 2, … items
    std::vector<double> sum, smallest;
    std::vector<std::size_t> known;
  };
  // Both of places in the list.
  template <class Known, class Similarity>
  void measure(Distances& distances, const Known& known, const Similarity& similarity);
  void mark_words();
  double text_similarity(std::size_t a, std::size_t b) const;
  void add_distances(Sums& sums, const Distances& distances, std::size_t count, Sum lists, Sum mean,
                     Sum smallest) const;
  void add_calibration(Sums& sums, std::size_t count) const;

  const Ledger* ledger_ = nullptr;
  const LedgerUser* user_ = nullptr;
  std::span<const ItemIndex> list_;
  std::span<const ItemIndex> popular_;
  std::size_t taken_ = 0;
  std::vector<bool> hits_;
  Distances category_, text_;
  // Which of the words that the list has at all each of its items has, a bit each: `blocks_` of 64 an item.
  std::vector<std::uint64_t> marked_words_;
  std::size_t blocks_ = 0;
  std::vector<std::uint32_t> bit_of_word_;  // + 1; 0: the list does not have it. By the ledger's numbers
};

// How a policy's lists are spread over the items.
class Spread {
 public:
  void add(std::span<const ItemIndex> list, std::size_t k);

  // Items ever listed, as a share of `items`.
  double coverage(std::size_t items) const;
  // Of the numbers of times that each of `items` was listed (0 counts): Σ_i (2i − n − 1) x_i / (n Σ x), ascending.
  // 0: evenly; near 1: always the same (Gini 1912; Fleder & Hosanagar 2009).
  double gini(std::size_t items) const;
  // Shannon's, of the shares of the items in all places, in bits.
  double entropy() const;
  std::uint64_t listed() const { return total_; }

 private:
  std::vector<std::uint64_t> times_;
  std::uint64_t total_ = 0;
};

}  // namespace riffle::evaluation
