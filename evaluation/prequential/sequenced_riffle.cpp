#include "evaluation/prequential/sequenced_riffle.h"

#include <algorithm>
#include <cmath>

namespace riffle::evaluation {
namespace {

enum Column : std::size_t { kRiffle, kSequence, kNotNamed, kNoRow };

constexpr float kFarBelow = -15;  // the best: as far as a score counts

}  // namespace

SequencedRiffle::SequencedRiffle(std::string name, const RifflePolicy& riffle, const SequencePolicy& sequence)
    : name_(std::move(name)), riffle_(riffle), sequence_(sequence), ranking_(kColumns) {
  ranking_.start_at(kRiffle, 1.0F);
  ranking_.start_at(kSequence, 0.2F);
  ranking_.start_at(kNotNamed, -6.0F);
}

void SequencedRiffle::add(ItemIndex item, float of_riffle, bool named, float of_sequence) {
  const bool has_row = !std::isnan(of_sequence);
  ranking_.items().push_back(item);
  ranking_.rows().insert(ranking_.rows().end(), {named ? std::max(of_riffle, kFarBelow) : 0.0F, has_row ? std::max(of_sequence, kFarBelow) : 0.0F,
                             named ? 0.0F : 1.0F, has_row ? 0.0F : 1.0F});
}

void SequencedRiffle::recommend(const Query& query, std::vector<ItemIndex>& list) {
  ranking_.begin(query);
  ranking_.rows().clear();
  const RifflePolicy::Choice choice = riffle_.choice();
  const std::span<const float> scores = sequence_.scores();
  float best = -std::numeric_limits<float>::infinity();
  for (const float score : scores)
    if (score > best) best = score;
  const float best_of_riffle = choice.scores.empty() ? 0 : *std::max_element(choice.scores.begin(), choice.scores.end());
  named_.assign(scores.size(), false);
  for (std::size_t i = 0; i < choice.items.size(); ++i) {
    const ItemIndex item = choice.items[i];
    named_[item] = true;
    add(item, choice.scores[i] - best_of_riffle, true, scores[item] - best);
  }
  order_.clear();
  for (ItemIndex item = 0; item < scores.size(); ++item)
    if (scores[item] > best + kFarBelow) order_.emplace_back(-scores[item], item);
  const auto better = order_.begin() + static_cast<std::ptrdiff_t>(std::min(order_.size(), 2 * kBest));
  std::partial_sort(order_.begin(), better, order_.end());
  std::size_t of_sequence = 0;
  for (auto at = order_.begin(); at != better && of_sequence < kBest; ++at) {
    if (!query.allowed(at->second)) continue;
    ++of_sequence;
    if (!named_[at->second]) add(at->second, 0, false, -at->first - best);
  }
  ranking_.rank(list);
}

}  // namespace riffle::evaluation
