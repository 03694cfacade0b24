// Items whose titles are like those of the user's recent items: what reaches an item before anybody has taken it together
// with another.
//
//   score(i) = max_k .8^k · cos(title of the k-th newest of the user's last three items, title of i)
//
// over title words (features/text.h) weighted by idf(w) = ln(1 + items / items with w) (Salton & Buckley 1988). Words that more
// than kCommon items have find nothing by themselves, but count in the cosine's norm.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "features/catalogue.h"
#include "serving/candidate.h"
#include "serving/sources/best_items.h"

namespace riffle::serving {

class SimilarSource final : public CandidateSource {
 public:
  CandidateSourceId id() const override { return CandidateSourceId::kSimilar; }
  bool silent(const SourceInput& input) const override { return input.recent.empty(); }
  void gather(const SourceInput& input, std::size_t wanted, std::vector<SourcedItem>& out) override;

 private:
  static constexpr std::size_t kRecent = 3;
  static constexpr std::size_t kCommon = 150;
  static constexpr std::size_t kLookedAt = 3;

  struct Title {
    std::shared_ptr<const records::Item> item;  // as it was indexed
    std::vector<std::uint32_t> words;           // places in words_, each once
    double norm = 0;
  };
  struct Word {
    std::vector<ItemKey> items;
    double weight = 0;  // idf²
  };
  struct Found {
    double score = 0;
    ItemKey evidence;
  };
  // Brings the index to the catalogue's version: only what has changed is read anew.
  void index(const features::Catalogue& catalogue);
  void take(ItemKey key, const std::shared_ptr<const records::Item>& item);
  void drop(ItemKey key, const Title& title);
  double norm(const Title& title) const;

  absl::flat_hash_map<std::uint64_t, std::uint32_t> word_of_;
  std::vector<Word> words_;
  absl::flat_hash_map<ItemKey, Title> titles_;
  std::optional<std::uint64_t> indexed_;       // the catalogue's version
  absl::flat_hash_map<ItemKey, double> dots_;  // scratch, as what follows
  absl::flat_hash_map<ItemKey, Found> found_;
  std::vector<std::pair<double, ItemKey>> order_;
  BestItems best_;
};

}  // namespace riffle::serving
