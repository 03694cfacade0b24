// Sources that walk a list which somebody else ranked: the popular and the trending items of all shards, and the newest of
// the catalogue. Each takes the first `wanted` that the rules allow.
#pragma once

#include "serving/candidate.h"

namespace riffle::serving {

class RankedListSource : public CandidateSource {
 public:
  bool silent(const SourceInput& input) const final { return ranked(*input.context).empty(); }
  void gather(const SourceInput& input, std::size_t wanted, std::vector<SourcedItem>& out) final;

 protected:
  virtual std::span<const ItemKey> ranked(const ServingContext& context) const = 0;
  virtual float score(std::uint32_t item, const SourceInput& input) const = 0;

 private:
  std::vector<std::uint32_t> numbers_;   // of the list's beginning, as far as anybody went
  std::uint32_t world_ = 0;              // the pool's that they are of
  std::size_t looked_at_ = 0;            // of the list, for this request
};

// Score: the decayed popularity (slow half-life).
class PopularSource final : public RankedListSource {
 public:
  CandidateSourceId id() const override { return CandidateSourceId::kPopular; }

 protected:
  std::span<const ItemKey> ranked(const ServingContext& context) const override;
  float score(std::uint32_t item, const SourceInput& input) const override;
};

// Score: the decayed popularity (fast half-life).
class TrendingSource final : public RankedListSource {
 public:
  CandidateSourceId id() const override { return CandidateSourceId::kTrending; }

 protected:
  std::span<const ItemKey> ranked(const ServingContext& context) const override;
  float score(std::uint32_t item, const SourceInput& input) const override;
};

// Score: 1 / (1 + age in days).
class FreshSource final : public RankedListSource {
 public:
  CandidateSourceId id() const override { return CandidateSourceId::kFresh; }

 protected:
  std::span<const ItemKey> ranked(const ServingContext& context) const override;
  float score(std::uint32_t item, const SourceInput& input) const override;
};

}  // namespace riffle::serving
