#include "learner/multi_task/heads.h"

#include <algorithm>
#include <chrono>

#include "absl/strings/str_cat.h"

namespace riffle::learner {

using network::Head;

namespace {

constexpr std::array kNames{"click", "purchase", "dwell", "comeback", "other"};
static_assert(kNames.size() == network::kHeads);

HeadValues in_order(const HeadNumbers& numbers) {
  HeadValues values{};
  values[network::kClick] = static_cast<float>(numbers.click);
  values[network::kPurchase] = static_cast<float>(numbers.purchase);
  values[network::kDwell] = static_cast<float>(numbers.dwell);
  values[network::kComeback] = static_cast<float>(numbers.comeback);
  values[network::kOther] = static_cast<float>(numbers.other);
  return values;
}

}  // namespace

network::HeadSet heads_of(const MultiTaskOptions& options) {
  const HeadValues rewards = in_order(options.rewards);
  network::HeadSet heads = network::kAlways;
  for (const Head head : {network::kPurchase, network::kDwell, network::kComeback})
    if (rewards[head] != 0) heads |= network::bit_of(head);
  return heads;
}

std::string names_of(network::HeadSet heads) {
  std::string names;
  for (std::uint32_t head = 0; head < network::kHeads; ++head)
    if ((heads & network::bit_of(static_cast<Head>(head))) != 0) absl::StrAppend(&names, names.empty() ? "" : ", ", kNames[head]);
  return names;
}

HeadValues labels_of(const HeldDecision& decision, std::size_t slot, const MultiTaskOptions& options) {
  const HeadValues rewards = in_order(options.rewards);
  const Engaged& engaged = decision.engaged[slot];
  HeadValues labels{};
  labels[network::kClick] = engaged.clicked || engaged.purchased ? 1 : 0;
  if (rewards[network::kPurchase] != 0) labels[network::kPurchase] = engaged.purchased ? 1 : 0;
  const std::chrono::duration<float> full_dwell = options.full_dwell;
  if (rewards[network::kDwell] != 0) labels[network::kDwell] = std::min(engaged.dwell_seconds / full_dwell.count(), 1.0F);
  if (rewards[network::kComeback] != 0)
    labels[network::kComeback] = std::clamp(decision.comeback / rewards[network::kComeback], 0.0F, 1.0F);
  float other = decision.rewards[slot];
  for (const Head head : {network::kClick, network::kPurchase, network::kDwell, network::kComeback})
    other -= rewards[head] * labels[head];
  const auto limit = static_cast<float>(options.reward_limit);
  labels[network::kOther] = std::clamp(other, -limit, limit);
  return labels;
}

HeadValues factors_of(const MultiTaskOptions& options) {
  HeadValues factors = in_order(options.weights);
  const HeadValues rewards = in_order(options.rewards);
  for (std::size_t k = 0; k < factors.size(); ++k) factors[k] *= rewards[k];
  return factors;
}

}  // namespace riffle::learner
