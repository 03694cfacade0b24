// The popular items of the categories that the user likes: what co-visitation cannot reach before others have walked the
// same way. His strongest categories share the quota in proportion to their weight.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "serving/candidate.h"

namespace riffle::serving {

// Score: the user's share of the category (fast half-life, then slow) × 1/(1 + rank in it).
class CategorySource final : public CandidateSource {
 public:
  CandidateSourceId id() const override { return CandidateSourceId::kCategory; }
  bool silent(const SourceInput& input) const override;
  void gather(const SourceInput& input, std::size_t wanted, std::vector<SourcedItem>& out) override;

 private:
  struct Liked {
    CategoryKey category;
    float share = 0;
  };
  void index(const SourceInput& input);
  void find_liked(const SourceInput& input);

  // Deepest category → its items' numbers by popularity. Made anew with each snapshot of the statistics or the catalogue, a
  // few times a second at most.
  absl::flat_hash_map<CategoryKey, std::vector<std::uint32_t>> popular_;
  std::uint32_t world_ = 0;              // the pool's that it is of
  std::vector<Liked> liked_;
};

}  // namespace riffle::serving
