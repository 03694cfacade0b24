// What lists that were made anew are like, and how far they are the logged ones.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "base/ids.h"
#include "features/catalogue.h"
#include "records/json_codec.h"

namespace riffle::replay {

// Of one policy's lists.
struct PolicyFigures {
  std::uint64_t lists = 0, slots = 0;
  std::uint64_t version = 0;                      // the newest that a list was made with
  std::map<std::string, std::uint64_t> degraded;  // lists, by cause
  std::uint64_t measured = 0;                     // lists with two items of known category, of which
  double distance_sum = 0;                        // ILD on category (serving/slate_distance.h)
  absl::flat_hash_set<ItemKey> items;             // coverage: distinct items listed

  // Against the logged lists of the same requests, where the log tells them.
  std::uint64_t compared = 0;
  std::uint64_t identical = 0;  // the same items in the same order
  std::uint64_t same_first = 0;
  double overlap_sum = 0;  // |A ∩ B| / max(|A|, |B|): 1 for two empty lists

  void add(const PolicyFigures& more);
  double distance() const { return measured == 0 ? 0 : distance_sum / static_cast<double>(measured); }
  double overlap() const { return compared == 0 ? 0 : overlap_sum / static_cast<double>(compared); }
};

class ListFigures {
 public:
  // `logged`: the items of the logged list, in order; none: the log does not tell.
  void add(const records::Recommendation& list, const features::Catalogue& catalogue,
           const std::optional<std::vector<ItemKey>>& logged);

  const std::map<PolicyId, PolicyFigures>& by_policy() const { return policies_; }
  PolicyFigures all() const;

 private:
  std::map<PolicyId, PolicyFigures> policies_;
};

}  // namespace riffle::replay
