// The heads of `multi_task` as the configuration and the log have them: which there are, what a slot says of each, and how they are
// combined.
#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "learner/network/multi_task_shape.h"
#include "learner/options.h"
#include "learner/q_learning/decision_buffer.h"

namespace riffle::learner {

using HeadValues = std::array<float, network::kHeads>;  // in the order of network::Head

// A head is where the log can tell of it: click and other always, the rest where their rewards are not 0.
network::HeadSet heads_of(const MultiTaskOptions& options);

// As "click, other".
std::string names_of(network::HeadSet heads);

// What the heads are to say of a held slot. A purchase has been a click, too, whether or not the shop told of it. `other` is what
// the slot earned besides, within ± the reward limit, so that by the rewards in force the heads' sum is what the slot earned:
// Σ_k reward_k label_k = reward.
HeadValues labels_of(const HeldDecision& decision, std::size_t slot, const MultiTaskOptions& options);

// The combiner: r̂ = Σ_k factor_k p_k, with factor_k = weight_k · reward_k.
HeadValues factors_of(const MultiTaskOptions& options);

}  // namespace riffle::learner
