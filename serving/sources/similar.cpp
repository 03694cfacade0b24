#include "serving/sources/similar.h"

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "features/text.h"
#include "serving/candidate_pool.h"

namespace riffle::serving {

double SimilarSource::norm(const Title& title) const {
  double sum = 0;
  for (const std::uint32_t word : title.words) sum += words_[word].weight;
  return std::sqrt(sum);
}

void SimilarSource::drop(ItemKey key, const Title& title) {
  for (const std::uint32_t word : title.words) std::erase(words_[word].items, key);
}

void SimilarSource::take(ItemKey key, const std::shared_ptr<const records::Item>& item) {
  Title& title = titles_[key];
  if (title.item == item) return;
  drop(key, title);
  title.item = item;
  title.words.clear();
  for (const std::string& token : features::tokens(item->title)) {
    const auto place = word_of_.try_emplace(stable_hash(token), static_cast<std::uint32_t>(words_.size())).first;
    if (place->second == words_.size()) words_.emplace_back();
    if (std::find(title.words.begin(), title.words.end(), place->second) != title.words.end()) continue;
    title.words.push_back(place->second);
    words_[place->second].items.push_back(key);
  }
}

void SimilarSource::index(const features::Catalogue& catalogue) {
  if (indexed_ == catalogue.version) return;
  indexed_ = catalogue.version;
  const auto take_all = [&] {
    catalogue.items.for_each([&](ItemKey key, const auto& entry) { take(key, entry.item); });
  };
  take_all();
  if (titles_.size() != catalogue.items.size()) {  // something was deleted: what is left, anew
    word_of_.clear();
    words_.clear();
    titles_.clear();
    take_all();
  }
  for (Word& word : words_) {
    const double idf = std::log1p(static_cast<double>(titles_.size()) /
                                  static_cast<double>(std::max<std::size_t>(1, word.items.size())));
    word.weight = idf * idf;
  }
  for (auto& [key, title] : titles_) title.norm = norm(title);
}

void SimilarSource::gather(const SourceInput& input, std::size_t wanted, std::vector<SourcedItem>& out) {
  out.clear();
  if (!input.context->catalogue) return;
  index(*input.context->catalogue);
  found_.clear();
  double decay = 1;
  for (std::size_t k = 0; k < std::min(kRecent, input.recent.size()); ++k, decay *= .8) {
    const ItemKey from = input.recent[k].key;
    const auto title = titles_.find(from);
    if (title == titles_.end()) continue;
    dots_.clear();
    for (const std::uint32_t word : title->second.words) {
      if (words_[word].items.size() > kCommon) continue;
      const double squared = words_[word].weight;
      for (const ItemKey other : words_[word].items) dots_[other] += squared;
    }
    const double length = title->second.norm;
    for (const auto& [key, dot] : dots_) {
      if (key == from) continue;
      const double score = decay * dot / (length * titles_.find(key)->second.norm);
      Found& found = found_[key];
      if (score > found.score) found = {score, from};
    }
  }
  // What an item's rows are is one look-up each: the best are looked at, with some room for what the rules refuse.
  order_.clear();
  for (const auto& [key, found] : found_) order_.emplace_back(-found.score, key);
  if (const std::size_t most = kLookedAt * wanted; most < order_.size()) {
    std::nth_element(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(most), order_.end());
    order_.resize(most);
  }
  for (const auto& [score, key] : order_) {
    const std::uint32_t item = input.pool->resolve(key);
    if (input.pool->allowed(item)) out.push_back({item, static_cast<float>(-score), found_.find(key)->second.evidence});
  }
  best_.keep(wanted, *input.pool, out);
}

}  // namespace riffle::serving
