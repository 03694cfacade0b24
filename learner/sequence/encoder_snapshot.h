// A version of the live encoder as serving reads it: the layers' numbers, the rows, and of every item with a row what a user's state is
// multiplied with, side by side. Immutable; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "learner/network/sequence_shape.h"
#include "learner/sequence/options.h"
#include "learner/sequence/sequence_tables.h"
#include "records/sequence.pb.h"

namespace riffle::learner {

class EncoderSnapshot {
 public:
  // FailedPrecondition: the state is of another kind or shape; InvalidArgument: it is none, or not whole.
  static absl::StatusOr<std::shared_ptr<const EncoderSnapshot>> make(network::SequenceShape::Kind kind, const SequenceOptions& options,
                                                                     const pb::SequenceState& state, std::uint64_t version);

  std::uint64_t version() const { return version_; }
  const network::SequenceShape& shape() const { return shape_; }
  std::span<const float> numbers() const { return numbers_; }           // of the layers: SequenceEncoder's
  const SequenceTables& tables() const { return tables_; }
  // Every item with a row, and shape().width numbers of each: SequenceTables::output() with its category as it was met last.
  std::span<const ItemKey> items() const { return items_; }
  std::span<const float> outputs() const { return outputs_; }

 private:
  EncoderSnapshot(const network::SequenceShape& shape, const SequenceOptions& options, std::uint64_t version)
      : version_(version), shape_(shape), tables_(options) {}

  std::uint64_t version_;
  network::SequenceShape shape_;
  std::vector<float> numbers_;
  SequenceTables tables_;
  std::vector<ItemKey> items_;
  std::vector<float> outputs_;
};

}  // namespace riffle::learner
