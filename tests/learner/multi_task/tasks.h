// A shop whose clicks and purchases have different reasons, told to learners as outcomes.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "learner/outcomes.h"
#include "records/event.h"

namespace riffle::learner::testing {

inline void engage(pb::Outcome& outcome, std::size_t slot, records::InteractionType type, double dwell_seconds = 0) {
  auto& engagement = *outcome.add_engagements();
  engagement.set_slot(static_cast<std::uint32_t>(slot));
  engagement.set_type(static_cast<std::uint32_t>(type));
  engagement.set_dwell_seconds(dwell_seconds);
}

// A picture makes users click (the first feature, where the second says that they look), a price makes clickers buy (the third,
// where the fourth says that they can); the rest is noise.
struct Shop {
  static constexpr std::size_t kFeatures = 8;
  double click_reward = 1, purchase_reward = 5;

  static std::vector<float> item(Rng& rng) {
    std::vector<float> x(features::kFeatureCount);
    for (std::size_t i = 0; i < kFeatures; ++i) x[i] = static_cast<float>(2 * rng.uniform() - 1);
    return x;
  }
  static double click(const float* x) { return 1 / (1 + std::exp(2 - 2.5 * x[0] - 1.5 * (x[0] * x[1] > 0 ? 1 : -1))); }
  static double purchase(const float* x) { return click(x) / (1 + std::exp(2.5 - 2.5 * x[2] - 1.5 * (x[2] * x[3] > 0 ? 1 : -1))); }
  double reward(const float* x) const { return click_reward * click(x) + purchase_reward * purchase(x); }

  // A list of `slots`, and the revisions that its clicks and purchases make of it.
  std::vector<pb::Outcome> story(Rng& rng, std::size_t number, std::size_t slots) const {
    pb::Outcome list = outcome("u" + std::to_string(number), 0, kStartMs + static_cast<std::int64_t>(number) * 1000);
    for (std::size_t k = 0; k < slots; ++k) add_slot(list, 1, 0, item(rng));
    std::vector<pb::Outcome> revisions{list};
    for (std::size_t k = 0; k < slots; ++k) {
      const float* x = list.slots(static_cast<int>(k)).features().data();
      const double luck = rng.uniform();
      const auto earn = [&](records::InteractionType type, double amount) {
        pb::Outcome next = next_revision(revisions.back());
        pb::OutcomeSlot& slot = *next.mutable_slots(static_cast<int>(k));
        slot.set_reward(slot.reward() + amount);
        engage(next, k, type);
        revisions.push_back(std::move(next));
      };
      if (luck < click(x)) earn(records::InteractionType::kClick, click_reward);
      if (luck < purchase(x)) earn(records::InteractionType::kPurchase, purchase_reward);
    }
    return revisions;
  }
};

}  // namespace riffle::learner::testing
