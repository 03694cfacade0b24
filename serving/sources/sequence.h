// What the live encoder thinks comes next: the items whose rows' products with the user's state are largest
// (learner/sequence/sequence_encoder.h). The state is made anew of his row's history for every list, which takes microseconds: rows that
// events make stay a function of the events alone.
//
//   score(i) = exp(state · output_i) / Σ_j exp(state · output_j), j over all items with rows: the chance that i comes next
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "learner/sequence/encoder_snapshot.h"
#include "learner/sequence/sequence_encoder.h"
#include "serving/candidate.h"
#include "serving/sources/best_items.h"

namespace riffle::serving {

class SequenceSource final : public CandidateSource {
 public:
  CandidateSourceId id() const override { return CandidateSourceId::kSequence; }
  // Without an encoder, or a history.
  bool silent(const SourceInput& input) const override;
  void gather(const SourceInput& input, std::size_t wanted, std::vector<SourcedItem>& out) override;

 private:
  void read(const learner::EncoderSnapshot& snapshot);
  void score(const SourceInput& input);

  const learner::EncoderSnapshot* snapshot_ = nullptr;   // that encoder_ is of, told apart by its version, too
  std::uint64_t version_ = 0;
  std::unique_ptr<learner::SequenceEncoder> encoder_;
  // Of this request.
  std::vector<learner::SequenceEntry> history_;
  std::vector<float> state_, scores_, chances_;          // the latter by place in the snapshot's items, padded
  std::vector<std::uint32_t> places_, items_;
  BestItems best_;
};

}  // namespace riffle::serving
