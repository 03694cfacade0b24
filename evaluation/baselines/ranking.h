// Items in the order of a score that events raise, and the choosing of lists that baselines share.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "base/time.h"
#include "evaluation/prequential/policy.h"

namespace riffle::evaluation {

// Highest first; equal scores in the order of the items' first appearance.
class Ranking {
 public:
  using Order = absl::btree_set<std::pair<double, ItemIndex>>;  // minus the score

  bool has(ItemIndex item) const { return item < scores_.size() && !std::isnan(scores_[item]); }
  double score(ItemIndex item) const { return scores_[item]; }  // of an item that it has
  void set(ItemIndex item, double score);
  const Order& order() const { return order_; }
  std::size_t memory_bytes() const;

 private:
  std::vector<double> scores_;  // NaN: not ranked
  Order order_;
};

// How often each item was taken.
class Popularity {
 public:
  void add(ItemIndex item, TimePoint time);
  double worth(ItemIndex item, TimePoint now) const;
  // Of the most popular one; 0 where there is none.
  double most(TimePoint now) const { return ranking_.order().empty() ? 0 : worth(ranking_.order().begin()->second, now); }
  const Ranking& ranking() const { return ranking_; }
  std::size_t memory_bytes() const { return ranking_.memory_bytes(); }

  // The same, where what was taken a half-life ago counts half. Weights fade alike, so their order changes only when one
  // grows: the ranking holds levels log₂(weight) + time/half-life, which do not fade.
  static Popularity decayed(Milliseconds half_life);

 private:
  double half_lives(TimePoint time) const;

  Milliseconds half_life_{0};   // 0: nothing fades
  TimePoint origin_ = kNoTime;  // time is counted from the first event
  Ranking ranking_;
};

// The best items of one request, by score + share · popularity; equal ones in the order of their first appearance.
class BestItems {
 public:
  void begin(const Query& query) {
    query_ = &query;
    best_.clear();
  }
  // What all that is still to be offered must reach to be among them; −∞ while there is room.
  double bar() const { return full() ? best_.back().first : -std::numeric_limits<double>::infinity(); }
  void offer(ItemIndex item, double score);
  // Offers the items without a score, which their popularity alone speaks for.
  template <class HasScore>
  void offer_popular(const Popularity& popularity, double share, const HasScore& has_score) {
    for (const auto& [level, item] : popularity.ranking().order()) {
      const double score = share * popularity.worth(item, query_->time);
      if (score < bar()) return;  // none that follows is better
      if (!has_score(item)) offer(item, score);
    }
  }
  // The query's list, where every item has a score, of which 0 is none.
  void of_all(const Query& query, std::span<const double> scores, const Popularity& popularity, double share,
              std::vector<ItemIndex>& list);
  void write(std::vector<ItemIndex>& list) const;

 private:
  bool full() const { return best_.size() == query_->n; }

  const Query* query_ = nullptr;
  std::vector<std::pair<double, ItemIndex>> best_;  // best first
};

// Sums of one request's scores, over few of many items.
class ScoreBoard {
 public:
  void begin() {
    for (const ItemIndex item : touched_) scores_[item] = kUntouched;
    touched_.clear();
  }
  void add(ItemIndex item, double score) {
    if (item >= scores_.size()) scores_.resize(item + 1 + item / 2, kUntouched);
    if (scores_[item] == kUntouched) {
      scores_[item] = 0;
      touched_.push_back(item);
    }
    scores_[item] += score;
  }
  // The query's list, by score + share · popularity.
  void top(const Query& query, const Popularity& popularity, double share, std::vector<ItemIndex>& list);
  std::size_t memory_bytes() const {
    return scores_.capacity() * sizeof(double) + touched_.capacity() * sizeof(ItemIndex);
  }

 private:
  static constexpr double kUntouched = -1;  // scores are not negative

  std::vector<double> scores_;
  std::vector<ItemIndex> touched_;
  BestItems best_;  // scratch
};

}  // namespace riffle::evaluation
