#include "evaluation/targets/logged_target.h"

#include <cmath>

namespace riffle::evaluation {
namespace {

// Sums of a few hundred printed probabilities are off by their last digits.
constexpr double kRounding = 1e-6;

bool is_distribution(const std::vector<Choice>& choices) {
  double sum = 0;
  for (const Choice& choice : choices) {
    if (!(choice.probability >= 0)) return false;
    sum += choice.probability;
  }
  return std::abs(sum - 1) <= kRounding;
}

double probability_of(const std::vector<Choice>& choices, std::uint32_t action) {
  for (const Choice& choice : choices)
    if (choice.action == action) return choice.probability;
  return 0;
}

}  // namespace

Unanswerable LoggedTarget::weigh(const LoggedRound& round, const RewardModel* model,
                                 std::size_t fold, std::vector<TargetSlot>& out) {
  out.clear();
  const bool whole = !round.target.empty();
  if (whole && round.slots.size() > 1)
    return "`target` is of lists with one slot; say target_propensity slot by slot";
  if (whole && !is_distribution(round.target)) return "a `target` is no distribution";
  for (const LoggedSlot& slot : round.slots) {
    TargetSlot& target = out.emplace_back();
    target.probability = whole ? probability_of(round.target, slot.action) : slot.target_probability;
    if (!(target.probability >= 0 && target.probability <= 1))
      return "a line has no target_propensity in [0, 1], and no `target`";
  }
  if (!whole || model == nullptr || !model->covers(round)) return {};
  out[0].expected = 0;
  for (const Choice& choice : round.target)
    out[0].expected += choice.probability * model->action(round, 0, fold, choice.action);
  return {};
}

Unanswerable LoggedTarget::marginals(const LoggedRound& round, const RewardModel*, std::size_t, const SlateDraws&,
                                     SlateMarginals& out) {
  out = {};
  for (const LoggedSlot& slot : round.slots) {
    if (!(slot.target_marginal >= 0 && slot.target_marginal <= 1))
      return "a line has no target_marginal_propensity in [0, 1]";
    out.slots.push_back({.probability = slot.target_marginal});
  }
  return {};
}

void LoggedTarget::ask(const LoggedRound& round, SupportTally& support) const {
  for (const Choice& choice : round.target)
    if (choice.probability > 0)
      support.ask(round.slots[0].position, choice.action, choice.probability);
}

}  // namespace riffle::evaluation
