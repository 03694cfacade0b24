// The user's own items again, by the decayed weight of what he did with them: groceries, songs, spare parts. What he
// bought comes back only where the rules let it (options.repeat_purchased).
#pragma once

#include "serving/candidate.h"

namespace riffle::serving {

class OwnSource final : public CandidateSource {
 public:
  CandidateSourceId id() const override { return CandidateSourceId::kOwn; }
  bool silent(const SourceInput& input) const override { return input.user->items.empty(); }
  void gather(const SourceInput& input, std::size_t wanted, std::vector<SourcedItem>& out) override;

 private:
  std::vector<std::pair<float, ItemKey>> weights_;
  std::vector<ItemKey> keys_;
  std::vector<std::uint32_t> items_;
};

}  // namespace riffle::serving
