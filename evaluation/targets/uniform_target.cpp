#include "evaluation/targets/uniform_target.h"

#include <algorithm>

namespace riffle::evaluation {
namespace {

bool is_above(const LoggedRound& round, std::size_t slot, std::uint32_t action) {
  for (std::size_t above = 0; above < slot; ++above)
    if (round.slots[above].action == action) return true;
  return false;
}

// Mean of q̂ over what is left for the slot.
double mean_of_actions(const LoggedRound& round, const RewardModel& model, std::size_t slot,
                       std::size_t fold) {
  double sum = 0;
  std::uint32_t count = 0;
  const auto add = [&](std::uint32_t action) {
    if (is_above(round, slot, action)) return;
    sum += model.action(round, slot, fold, action);
    ++count;
  };
  if (round.available.empty())
    for (std::uint32_t action = 0; action < round.actions; ++action) add(action);
  else
    std::for_each(round.available.begin(), round.available.end(), add);
  return count > 0 ? sum / count : kMissing;
}

// Likewise over the logged candidates of one of Riffle's lists.
double mean_of_candidates(const LoggedRound& round, const RewardModel& model, std::size_t slot,
                          std::size_t fold) {
  const pb::Outcome& outcome = *round.outcome;
  double sum = 0;
  int count = 0;
  for (int i = 0; i < outcome.candidates_size(); ++i) {
    bool above = false;
    for (std::size_t k = 0; k < slot; ++k)
      above |= outcome.slots(static_cast<int>(k)).item_key() == outcome.candidates(i).item_key();
    if (above) continue;
    sum += model.action(round, slot, fold, static_cast<std::uint32_t>(i));
    ++count;
  }
  return count > 0 ? sum / count : kMissing;
}

// Mean of q̂ over all that could be in the slot, whatever is above.
double mean_of_all(const LoggedRound& round, const RewardModel& model, std::size_t slot, std::size_t fold) {
  double sum = 0;
  std::uint32_t count = 0;
  const auto add = [&](std::uint32_t action) {
    sum += model.action(round, slot, fold, action);
    ++count;
  };
  if (round.outcome == nullptr && !round.available.empty()) {
    std::for_each(round.available.begin(), round.available.end(), add);
  } else {
    const auto actions = round.outcome == nullptr ? round.actions
                                                  : static_cast<std::uint32_t>(round.outcome->candidates_size());
    for (std::uint32_t action = 0; action < actions; ++action) add(action);
  }
  return count > 0 ? sum / count : kMissing;
}

}  // namespace

Unanswerable UniformTarget::weigh(const LoggedRound& round, const RewardModel* model,
                                  std::size_t fold, std::vector<TargetSlot>& out) {
  out.clear();
  if (round.outcome != nullptr) return weigh_outcome(round, model, fold, out);
  if (round.actions < round.slots.size())
    return "the log does not say how many actions there were; say it with --actions";
  for (std::size_t slot = 0; slot < round.slots.size(); ++slot) {
    TargetSlot& target = out.emplace_back();
    target.probability = 1.0 / static_cast<double>(round.actions - slot);
    if (model != nullptr && model->covers(round))
      target.expected = mean_of_actions(round, *model, slot, fold);
  }
  return {};
}

Unanswerable UniformTarget::weigh_outcome(const LoggedRound& round, const RewardModel* model,
                                          std::size_t fold, std::vector<TargetSlot>& out) {
  const pb::Outcome& outcome = *round.outcome;
  const auto candidates = static_cast<std::size_t>(outcome.candidate_keys_size());
  for (std::size_t slot = 0; slot < round.slots.size(); ++slot) {
    const std::uint32_t allowed = outcome.slots(static_cast<int>(slot)).allowed();
    if (allowed == 0) return "a slot does not say how many items it could have held";
    TargetSlot& target = out.emplace_back();
    target.probability = 1.0 / allowed;
    if (model != nullptr && model->covers(round) && allowed + slot == candidates)
      target.expected = mean_of_candidates(round, *model, slot, fold);
  }
  return {};
}

Unanswerable UniformTarget::marginals(const LoggedRound& round, const RewardModel* model, std::size_t fold,
                                      const SlateDraws& draws, SlateMarginals& out) {
  if (round.outcome != nullptr) {
    if (!round.outcome->has_choice())
      return "a decision was logged without its policy's caps (by an older build, or of too many candidates)";
    if (round.outcome->choice().caps_size() > 0) return draw_with_caps(round, {round, model, fold}, draws, out);
  }
  const std::uint32_t actions =
      round.outcome == nullptr ? round.actions : static_cast<std::uint32_t>(round.outcome->candidates_size());
  if (actions < round.slots.size()) return "the log does not say how many actions there were; say it with --actions";
  out = {};
  out.slots.assign(round.slots.size(), {.probability = 1.0 / actions});
  if (model == nullptr || !model->covers(round)) return {};
  out.expected = 0;
  for (std::size_t slot = 0; slot < round.slots.size(); ++slot) out.expected += mean_of_all(round, *model, slot, fold);
  return {};
}

Unanswerable UniformTarget::draw_with_caps(const LoggedRound& round, const ModelledRound& modelled,
                                           const SlateDraws& draws, SlateMarginals& out) {
  if (const Unanswerable why = choice_.read(*round.outcome); !why.empty()) return why;
  if (const Unanswerable why = find_chosen(*round.outcome, chosen_); !why.empty()) return why;
  serving::SlateInput input = choice_.input();
  serving::PolicyOptions evenly = *input.policy;
  evenly.explorer = {.kind = "uniform"};
  evenly.diversifier = {.kind = "none", .weight = 0};
  input.policy = &evenly;
  input.explore = 1;
  input.diversity = 0;
  input.arms = {};
  input.draws = input.widths = {};
  sampler_.sample(input, chosen_, modelled, draws, out);
  return {};
}

void UniformTarget::ask(const LoggedRound& round, SupportTally& support) const {
  if (round.outcome != nullptr || round.actions == 0) return;
  const std::uint32_t position = round.slots[0].position;
  if (round.available.empty()) {
    support.ask_evenly(position, round.actions);
    return;
  }
  for (const std::uint32_t action : round.available)
    support.ask(position, action, 1.0 / static_cast<double>(round.available.size()));
}

}  // namespace riffle::evaluation
