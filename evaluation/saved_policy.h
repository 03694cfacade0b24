// A policy's version out of the `policy` topic, as a worker would adopt it.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "bus/bus.h"
#include "learner/options.h"
#include "learner/scorer.h"
#include "serving/options.h"

namespace riffle::evaluation {

// `version` 0: the newest. A scorer that does not learn needs no topic. NotFound: no such version is
// whole in the topic; FailedPrecondition: it was made with another feature specification.
absl::StatusOr<learner::PolicyVersion> read_saved_policy(bus::Bus& bus, const std::string& topic,
                                                         const serving::PolicyOptions& policy,
                                                         std::uint64_t version,
                                                         const learner::LearnerOptions& options);

}  // namespace riffle::evaluation
