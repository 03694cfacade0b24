#include "evaluation/baselines/ranking.h"

#include <algorithm>
#include <limits>

namespace riffle::evaluation {
namespace {

// Higher scores first, of equal ones the item that appeared first.
bool before(const std::pair<double, ItemIndex>& a, const std::pair<double, ItemIndex>& b) {
  return a.first != b.first ? a.first > b.first : a.second < b.second;
}

}  // namespace

void Ranking::set(ItemIndex item, double score) {
  if (item >= scores_.size())
    scores_.resize(item + 1, std::numeric_limits<double>::quiet_NaN());
  else if (!std::isnan(scores_[item]))
    order_.erase({-scores_[item], item});
  scores_[item] = score;
  order_.insert({-score, item});
}

std::size_t Ranking::memory_bytes() const {
  constexpr std::size_t kEntry = 24;  // of a B-tree whose nodes are two thirds full
  return scores_.capacity() * sizeof(double) + order_.size() * kEntry;
}

Popularity Popularity::decayed(Milliseconds half_life) {
  Popularity popularity;
  popularity.half_life_ = half_life;
  return popularity;
}

double Popularity::half_lives(TimePoint time) const {
  return static_cast<double>((time - origin_).count()) / static_cast<double>(half_life_.count());
}

void Popularity::add(ItemIndex item, TimePoint time) {
  if (half_life_.count() == 0) {
    ranking_.set(item, (ranking_.has(item) ? ranking_.score(item) : 0) + 1);
    return;
  }
  if (origin_ == kNoTime) origin_ = time;
  const double now = half_lives(time);
  const double before = ranking_.has(item) ? std::exp2(ranking_.score(item) - now) : 0;
  ranking_.set(item, std::log2(before + 1) + now);
}

double Popularity::worth(ItemIndex item, TimePoint now) const {
  if (!ranking_.has(item)) return 0;
  return half_life_.count() == 0 ? ranking_.score(item) : std::exp2(ranking_.score(item) - half_lives(now));
}

void BestItems::offer(ItemIndex item, double score) {
  const std::pair<double, ItemIndex> entry{score, item};
  if (full() && !before(entry, best_.back())) return;
  if (!query_->allowed(item)) return;
  if (full()) best_.pop_back();
  best_.insert(std::upper_bound(best_.begin(), best_.end(), entry, before), entry);
}

void BestItems::write(std::vector<ItemIndex>& list) const {
  list.clear();
  for (const auto& [score, item] : best_) list.push_back(item);
}

void BestItems::of_all(const Query& query, std::span<const double> scores, const Popularity& popularity, double share,
                       std::vector<ItemIndex>& list) {
  begin(query);
  const double most = share * popularity.most(query.time);
  double bar = this->bar();
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (!(scores[i] > 0) || scores[i] + most < bar) continue;
    const auto item = static_cast<ItemIndex>(i);
    offer(item, scores[i] + share * popularity.worth(item, query.time));
    bar = this->bar();
  }
  offer_popular(popularity, share, [&](ItemIndex item) { return item < scores.size() && scores[item] > 0; });
  write(list);
}

void ScoreBoard::top(const Query& query, const Popularity& popularity, double share, std::vector<ItemIndex>& list) {
  best_.begin(query);
  const double most = share * popularity.most(query.time);
  for (const ItemIndex item : touched_)
    if (scores_[item] + most >= best_.bar())
      best_.offer(item, scores_[item] + share * popularity.worth(item, query.time));
  best_.offer_popular(popularity, share,
                      [&](ItemIndex item) { return item < scores_.size() && scores_[item] != kUntouched; });
  best_.write(list);
}

}  // namespace riffle::evaluation
