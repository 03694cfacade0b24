#include "learner/sequence/encoder_snapshot.h"

#include "base/errors.h"
#include "learner/sequence/sequence_trainer.h"

namespace riffle::learner {

absl::StatusOr<std::shared_ptr<const EncoderSnapshot>> EncoderSnapshot::make(network::SequenceShape::Kind kind,
                                                                             const SequenceOptions& options,
                                                                             const pb::SequenceState& state, std::uint64_t version) {
  const network::SequenceShape shape = settings_of(kind, options).shape;
  std::shared_ptr<EncoderSnapshot> made(new EncoderSnapshot(shape, options, version));
  RIFFLE_ASSIGN_OR_RETURN(made->numbers_, layers_of(state, shape));
  RIFFLE_RETURN_IF_ERROR(made->tables_.load(state));
  made->tables_.end_learning();
  const KeySlots& slots = made->tables_.items().admitted();
  made->items_.reserve(slots.size());
  made->outputs_.resize(slots.size() * shape.width);
  for (std::uint32_t slot = 0; slot < slots.slots(); ++slot) {
    if (!slots.used(slot)) continue;
    const ItemKey item(slots.key(slot));
    made->tables_.output(item, made->tables_.category_of(slot),
                         std::span(made->outputs_).subspan(made->items_.size() * shape.width, shape.width));
    made->items_.push_back(item);
  }
  return made;
}

}  // namespace riffle::learner
