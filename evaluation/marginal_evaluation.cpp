#include "evaluation/marginal_evaluation.h"

#include <algorithm>
#include <cmath>

#include "evaluation/intervals.h"

namespace riffle::evaluation {
namespace {

// So that the two policies' lists have nothing to do with each other.
constexpr std::uint64_t kOfTheTarget = 0x7A7;

}  // namespace

Unanswerable MarginalEvaluation::find(const LoggedRound& round, std::size_t fold) {
  // By the round, not by its place: the answer does not depend on the order of the log.
  SlateDraws draws = draws_;
  draws.seed ^= round.identity;
  if (const Unanswerable why = logging_.find(round, draws, logged_); !why.empty()) return why;
  draws.seed ^= kOfTheTarget;
  return target_.marginals(round, model_, fold, draws, asked_);
}

void MarginalEvaluation::add(const LoggedRound& round, std::size_t fold, Stats& stats) {
  if (!LoggingMarginals::concerns(round)) {
    ++figures_.left_out;
    return;
  }
  if (const Unanswerable why = find(round, fold); !why.empty()) {
    ++figures_.evidence.unanswerable;
    if (figures_.evidence.unanswerable_why.empty()) figures_.evidence.unanswerable_why = why;
    return;
  }
  terms_.clear();
  for (std::size_t slot = 0; slot < round.slots.size(); ++slot)
    terms_.push_back({.target = asked_.slots[slot].probability,
                      .propensity = logged_.slots[slot].probability,
                      .reward = round.slots[slot].reward});
  add_marginals(terms_, asked_.expected, options_, stats);
  figures_.evidence.unmodelled += std::isnan(asked_.expected) ? 1 : 0;
  dm_variance_ += asked_.expected_variance;
  tally(round);
}

void MarginalEvaluation::tally(const LoggedRound& round) {
  const double limit = options_.clip > 0 ? options_.clip : std::numeric_limits<double>::infinity();
  bool rewarded = false;
  double deviation = 0;
  for (std::size_t k = 0; k < terms_.size(); ++k) {
    const MarginalTerms& slot = terms_[k];
    const double raw = slot.target / slot.propensity, used = std::min(raw, limit);
    const std::uint32_t position = round.slots[k].position;
    if (figures_.slots.size() <= position) figures_.slots.resize(position + 1);
    SlotDiagnostics& place = figures_.slots[position];
    place.position = position;
    place.add(slot.reward, used, raw, slot.propensity);
    figures_.largest_weight = std::max(figures_.largest_weight, raw);
    tail_.add(raw);
    rewarded |= slot.reward != 0;
    if (raw > limit) continue;  // the clip has no error
    deviation += std::abs(slot.reward) *
                 std::sqrt(asked_.slots[k].variance + raw * raw * logged_.slots[k].variance) / slot.propensity;
  }
  iips_variance_ += deviation * deviation;
  ++figures_.evidence.rounds;
  figures_.evidence.rewarded += rewarded ? 1 : 0;
}

MarginalFigures MarginalEvaluation::figures(const GroupSums& sums) const {
  MarginalFigures figures = figures_;
  figures.draws = draws_.count;
  Evidence& evidence = figures.evidence;
  evidence.clipped = options_.clip > 0;
  if (evidence.rounds == 0) return figures;
  bool first = true;
  for (const SlotDiagnostics& slot : figures.slots) {
    if (slot.rounds == 0) continue;
    evidence.ess = first ? slot.ess() : std::min(evidence.ess, slot.ess());
    first = false;
  }
  evidence.k_hat = tail_.k_hat();
  const std::vector<Stats> groups = sums.filled();
  const Stats totals = sums.totals();
  evidence.mean_weight = totals[kMarginalWeight] / totals[kMarginalSlots];
  evidence.mean_weight_error = ratio_standard_error(groups, kMarginalWeight, kMarginalSlots);
  evidence.off_support = std::max(0.0, 1 - evidence.mean_weight);
  evidence.off_support_error = evidence.mean_weight_error;
  const auto rounds = static_cast<double>(evidence.rounds);
  figures.iips_error = std::sqrt(iips_variance_) / rounds;
  if (totals[kSlateModelledRounds] > 0) figures.dm_error = std::sqrt(dm_variance_) / totals[kSlateModelledRounds];
  return figures;
}

}  // namespace riffle::evaluation
