#include "pipeline/in_process_encoder.h"

#include <utility>

#include "base/errors.h"

namespace riffle::pipeline {

absl::StatusOr<std::unique_ptr<InProcessEncoder>> InProcessEncoder::create(Setup setup, Metrics& metrics) {
  if (setup.learner.sequence.encoder == "none") return nullptr;
  auto made = std::unique_ptr<InProcessEncoder>(new InProcessEncoder(setup.learner.sequence));
  RIFFLE_ASSIGN_OR_RETURN(made->learner_, EncoderLearner::create({.topic = {},
                                                                  .admission = setup.admission,
                                                                  .rows = setup.rows,
                                                                  .learner = setup.learner,
                                                                  .world = &made->world_},
                                                                 metrics));
  RIFFLE_RETURN_IF_ERROR(made->learner_->boot(learner::PolicyLog(), setup.partitions));
  return made;
}

void InProcessEncoder::know(std::shared_ptr<const features::Catalogue> catalogue) {
  auto world = std::make_shared<World>();
  world->catalogue = std::move(catalogue);
  world_.set(std::move(world));
}

}  // namespace riffle::pipeline
