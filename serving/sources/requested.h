// The candidates that the request brings along, in its order; the first of twins counts. Where there are any, the list is
// chosen among these only.
#pragma once

#include "serving/candidate.h"

namespace riffle::serving {

class RequestedSource final : public CandidateSource {
 public:
  CandidateSourceId id() const override { return CandidateSourceId::kRequest; }
  // Score: the request's own, 0 where it gave none. Also writes id and score into the pool's items.
  bool silent(const SourceInput& input) const override { return input.request->candidates.empty(); }
  void gather(const SourceInput& input, std::size_t wanted, std::vector<SourcedItem>& out) override;

 private:
  std::vector<ItemKey> keys_;
  std::vector<std::uint32_t> items_;
};

}  // namespace riffle::serving
