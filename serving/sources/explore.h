// Items of the catalogue that nothing speaks for yet, so that they get their first impressions: a different handful for
// each of a user's lists, picked by hash. The pick is a function of user, ordinal and catalogue, all of them logged, so
// the propensities of what is chosen among the candidates stay exact (DESIGN §6, two-stage choice).
#pragma once

#include <cstdint>
#include <vector>

#include "serving/candidate.h"

namespace riffle::serving {

// Among the newest items that the catalogue ranks (all of a catalogue of up to a thousand). Score: 0.
class ExploreSource final : public CandidateSource {
 public:
  CandidateSourceId id() const override { return CandidateSourceId::kExplore; }
  bool silent(const SourceInput& input) const override;
  void gather(const SourceInput& input, std::size_t wanted, std::vector<SourcedItem>& out) override;

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  std::uint32_t world_ = 0;             // the pool's that these are of:
  std::vector<std::uint32_t> numbers_;  // of the catalogue's newest, where they were drawn before
  std::vector<std::uint32_t> drawn_;
};

}  // namespace riffle::serving
