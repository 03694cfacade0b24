#include "evaluation/prequential/metrics.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/check.h"

namespace riffle::evaluation {
namespace {

constexpr std::array kMetrics = {
    MetricFacts{"recall", kHits, kTaken, true},
    MetricFacts{"ndcg", kNdcg, kPoints, true},
    MetricFacts{"precision", kHits, kPlaces, true},
    MetricFacts{"f1", kF1, kPoints, true},
    MetricFacts{"hit_rate", kHitPoints, kPoints, true},
    MetricFacts{"mrr", kReciprocalRank, kPoints, true},
    MetricFacts{"map", kAveragePrecision, kPoints, true},
    MetricFacts{"ild_category", kCategoryMean, kCategoryLists, true},
    MetricFacts{"ilmd_category", kCategorySmallest, kCategoryLists, true},
    MetricFacts{"ild_text", kTextMean, kTextLists, true},
    MetricFacts{"ilmd_text", kTextSmallest, kTextLists, true},
    MetricFacts{"novelty", kNovelty, kNovelItems, true},
    MetricFacts{"serendipity", kSerendipity, kPlaces, true},
    MetricFacts{"calibration", kCalibration, kCalibratedLists, false},
    MetricFacts{"repeat_rate", kRepeats, kListed, false},
    MetricFacts{"long_tail", kLongTail, kListed, true},
};

double discount(std::size_t rank) { return 1 / std::log2(static_cast<double>(rank) + 2); }  // rank from 0

double category_similarity(const LedgerItem& a, const LedgerItem& b) {
  const auto [left, right] = std::mismatch(a.path.begin(), a.path.end(), b.path.begin(), b.path.end());
  return 2 * static_cast<double>(left - a.path.begin()) / static_cast<double>(a.path.size() + b.path.size());
}

}  // namespace

std::span<const MetricFacts> all_metrics() { return kMetrics; }

const MetricFacts& metric_named(std::string_view name) {
  const auto it =
      std::find_if(kMetrics.begin(), kMetrics.end(), [&](const MetricFacts& facts) { return facts.name == name; });
  RIFFLE_CHECK(it != kMetrics.end(), "no metric is called", name);
  return *it;
}

std::optional<double> value_of(const MetricFacts& metric, const Sums& sums) {
  if (sums[metric.denominator] <= 0) return std::nullopt;
  return sums[metric.numerator] / sums[metric.denominator];
}

template <class Known, class Similarity>
void JudgedList::measure(Distances& distances, const Known& known, const Similarity& similarity) {
  distances.sum.clear();
  distances.smallest.clear();
  distances.known.clear();
  double sum = 0, smallest = 1;
  std::size_t count = 0;
  for (std::size_t at = 0; at < list_.size(); ++at) {
    if (known(at)) {
      for (std::size_t above = 0; above < at; ++above) {
        if (!known(above)) continue;
        const double distance = 1 - similarity(above, at);
        sum += distance;
        smallest = std::min(smallest, distance);
      }
      ++count;
    }
    distances.sum.push_back(sum);
    distances.smallest.push_back(smallest);
    distances.known.push_back(count);
  }
}

// A list has few words: what two of its items share is counted 64 words at a time.
void JudgedList::mark_words() {
  bit_of_word_.resize(ledger_->words(), 0);
  std::uint32_t words = 0;
  for (const ItemIndex item : list_)
    for (const std::uint32_t word : ledger_->item(item).words)
      if (bit_of_word_[word] == 0) bit_of_word_[word] = ++words;
  blocks_ = (words + 63) / 64;
  marked_words_.assign(list_.size() * blocks_, 0);
  for (std::size_t at = 0; at < list_.size(); ++at)
    for (const std::uint32_t word : ledger_->item(list_[at]).words) {
      const std::uint32_t bit = bit_of_word_[word] - 1;
      marked_words_[at * blocks_ + bit / 64] |= std::uint64_t{1} << bit % 64;
    }
  for (const ItemIndex item : list_)
    for (const std::uint32_t word : ledger_->item(item).words) bit_of_word_[word] = 0;
}

double JudgedList::text_similarity(std::size_t a, std::size_t b) const {
  int common = 0;
  for (std::size_t block = 0; block < blocks_; ++block)
    common += std::popcount(marked_words_[a * blocks_ + block] & marked_words_[b * blocks_ + block]);
  return common / std::sqrt(static_cast<double>(ledger_->item(list_[a]).words.size()) *
                            static_cast<double>(ledger_->item(list_[b]).words.size()));
}

void JudgedList::judge(const Ledger& ledger, UserIndex user, std::span<const ItemIndex> list,
                       std::span<const std::optional<ItemIndex>> taken, std::span<const ItemIndex> popular) {
  ledger_ = &ledger;
  user_ = &ledger.at(user);
  list_ = list;
  popular_ = popular;
  taken_ = taken.size();
  hits_.assign(list.size(), false);
  for (std::size_t at = 0; at < list.size(); ++at)
    hits_[at] = std::find(taken.begin(), taken.end(), std::optional(list[at])) != taken.end();
  const auto item = [&](std::size_t at) -> const LedgerItem& { return ledger.item(list[at]); };
  measure(
      category_, [&](std::size_t at) { return !item(at).path.empty(); },
      [&](std::size_t a, std::size_t b) { return category_similarity(item(a), item(b)); });
  mark_words();
  measure(
      text_, [&](std::size_t at) { return !item(at).words.empty(); },
      [&](std::size_t a, std::size_t b) { return text_similarity(a, b); });
}

void JudgedList::add_distances(Sums& sums, const Distances& distances, std::size_t count, Sum lists, Sum mean,
                               Sum smallest) const {
  if (count == 0 || distances.known[count - 1] < 2) return;
  const auto known = static_cast<double>(distances.known[count - 1]);
  sums[lists] += 1;
  sums[mean] += distances.sum[count - 1] * 2 / (known * (known - 1));
  sums[smallest] += distances.smallest[count - 1];
}

void JudgedList::add_calibration(Sums& sums, std::size_t count) const {
  if (user_->categories.empty()) return;
  std::vector<std::pair<CategoryKey, double>> shares;  // of the list
  double known = 0;
  for (std::size_t at = 0; at < count; ++at) {
    const LedgerItem& item = ledger_->item(list_[at]);
    if (item.path.empty()) continue;
    ++known;
    const auto place =
        std::find_if(shares.begin(), shares.end(), [&](const auto& share) { return share.first == item.path.back(); });
    if (place == shares.end())
      shares.emplace_back(item.path.back(), 1);
    else
      ++place->second;
  }
  if (known == 0) return;
  double all = 0, divergence = 0;
  for (const auto& [category, times] : user_->categories) all += times;
  for (const auto& [category, times] : user_->categories) {
    const double p = times / all;
    double q = 0;
    for (const auto& [listed, share] : shares)
      if (listed == category) q = share / known;
    divergence += p * std::log(p / (.99 * q + .01 * p));
  }
  sums[kCalibratedLists] += 1;
  sums[kCalibration] += divergence;
}

void JudgedList::add_to(Sums& sums, std::size_t k) const {
  const std::size_t count = std::min(k, list_.size());
  const auto popular = popular_.first(std::min(k, popular_.size()));
  double hits = 0, gain = 0, precisions = 0, reciprocal = 0, ideal = 0;
  for (std::size_t at = 0; at < count; ++at) {
    const ItemIndex item = list_[at];
    const LedgerItem& facts = ledger_->item(item);
    if (facts.count > 0) {
      sums[kNovelItems] += 1;
      sums[kNovelty] -= std::log2(static_cast<double>(facts.count) / static_cast<double>(ledger_->taken()));
    }
    sums[kRepeats] += user_->had.contains(item) ? 1 : 0;
    sums[kLongTail] += ledger_->in_long_tail(item) ? 1 : 0;
    if (!hits_[at]) continue;
    ++hits;
    gain += discount(at);
    precisions += hits / static_cast<double>(at + 1);
    if (hits == 1) reciprocal = 1 / static_cast<double>(at + 1);
    if (std::find(popular.begin(), popular.end(), item) == popular.end()) sums[kSerendipity] += 1;
  }
  const std::size_t best = std::min(k, taken_);
  for (std::size_t at = 0; at < best; ++at) ideal += discount(at);
  sums[kPoints] += 1;
  sums[kPlaces] += static_cast<double>(k);
  sums[kTaken] += static_cast<double>(taken_);
  sums[kHits] += hits;
  sums[kHitPoints] += hits > 0 ? 1 : 0;
  sums[kF1] += 2 * hits / static_cast<double>(k + taken_);
  sums[kNdcg] += ideal > 0 ? gain / ideal : 0;
  sums[kReciprocalRank] += reciprocal;
  sums[kAveragePrecision] += best > 0 ? precisions / static_cast<double>(best) : 0;
  sums[kListed] += static_cast<double>(count);
  add_distances(sums, category_, count, kCategoryLists, kCategoryMean, kCategorySmallest);
  add_distances(sums, text_, count, kTextLists, kTextMean, kTextSmallest);
  add_calibration(sums, count);
}

void Spread::add(std::span<const ItemIndex> list, std::size_t k) {
  for (const ItemIndex item : list.first(std::min(k, list.size()))) {
    if (item >= times_.size()) times_.resize(item + 1, 0);
    ++times_[item];
    ++total_;
  }
}

double Spread::coverage(std::size_t items) const {
  if (items == 0) return 0;
  const auto listed = std::count_if(times_.begin(), times_.end(), [](std::uint64_t times) { return times > 0; });
  return static_cast<double>(listed) / static_cast<double>(items);
}

double Spread::gini(std::size_t items) const {
  if (total_ == 0 || items == 0) return 0;
  std::vector<std::uint64_t> times = times_;
  times.resize(std::max(items, times.size()), 0);
  std::sort(times.begin(), times.end());
  const auto n = static_cast<double>(times.size());
  double sum = 0;
  for (std::size_t i = 0; i < times.size(); ++i)
    sum += (2 * static_cast<double>(i + 1) - n - 1) * static_cast<double>(times[i]);
  return sum / (n * static_cast<double>(total_));
}

double Spread::entropy() const {
  double bits = 0;
  for (const std::uint64_t times : times_) {
    if (times == 0) continue;
    const double share = static_cast<double>(times) / static_cast<double>(total_);
    bits -= share * std::log2(share);
  }
  return bits;
}

}  // namespace riffle::evaluation
