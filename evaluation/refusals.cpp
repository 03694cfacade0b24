#include "evaluation/refusals.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace riffle::evaluation {
namespace {

// How many rounds it takes for `wanted` where `rounds` gave `had`; two digits are all that is known.
std::string rounds_for(double rounds, double had, double wanted) {
  const double needed = rounds * wanted / std::max(had, 1.0);
  const double unit = std::pow(10, std::max(0.0, std::floor(std::log10(std::max(needed, 1.0))) - 1));
  return absl::StrFormat("%.0f", std::ceil(needed / unit) * unit);
}

constexpr std::string_view kExploreMore =
    "let the logging policy explore more (explorer epsilon with a larger `epsilon`, or squarecb with "
    "a smaller `gamma_scale`), or ask for a target nearer to it";

void judge_log(const Evidence& evidence, std::vector<Refusal>& out) {
  const auto rounds = static_cast<double>(evidence.rounds);
  if (evidence.unanswerable > 0)
    out.push_back({"unanswerable",
                   absl::StrCat(evidence.unanswerable, " rounds do not say what the target would do: ",
                                evidence.unanswerable_why),
                   "without them the rest is no fair sample; log what is missing, or ask for "
                   "another target (--force leaves them out)"});
  if (evidence.rewarded < kFewestRewarded)
    out.push_back({"rewarded",
                   absl::StrCat("only ", evidence.rewarded, " of ", evidence.rounds,
                                " rounds earned anything; at least ", kFewestRewarded,
                                " are needed"),
                   absl::StrCat("log about ",
                                rounds_for(rounds, static_cast<double>(evidence.rewarded),
                                           static_cast<double>(kFewestRewarded)),
                                " rounds, or take a reward that is earned more often")});
  if (evidence.off_support > std::max(kMostOffSupport, 3 * evidence.off_support_error))
    out.push_back({"off_support",
                   absl::StrFormat("%.3g %% of the target's mass is where the log shows nothing; at "
                                   "most %.3g %% may be",
                                   100 * evidence.off_support, 100 * kMostOffSupport),
                   "draw a share ε of the slots evenly over everything allowed (explorer epsilon, "
                   "`epsilon: 0.05`) for at least 10·items/ε rounds, or take those items out of the "
                   "target"});
}

void judge_weights(const Evidence& evidence, std::vector<Refusal>& out) {
  const auto rounds = static_cast<double>(evidence.rounds);
  if (evidence.bad_propensities > 0)
    out.push_back({"propensities",
                   absl::StrCat(evidence.bad_propensities,
                                " rounds have a propensity that is missing or not in (0, 1]",
                                evidence.zero_propensities > 0
                                    ? absl::StrCat(", ", evidence.zero_propensities,
                                                   " of them one of 0 (rounded away?)")
                                    : ""),
                   "log the exact probability of each draw, with all its digits; if the items were "
                   "drawn evenly, say --assume-uniform (--force leaves the rounds out)"});
  if (evidence.ess < kLeastEss)
    out.push_back({"ess",
                   absl::StrFormat("the effective sample size is %.1f; at least %.0f is needed",
                                   evidence.ess, kLeastEss),
                   absl::StrCat("log about ", rounds_for(rounds, evidence.ess, kLeastEss),
                                " rounds with this policy; or ", std::string(kExploreMore))});
  if (!evidence.clipped && evidence.k_hat && *evidence.k_hat > kLargestKHat)
    out.push_back({"k_hat",
                   absl::StrFormat("Pareto k-hat of the weights is %.2f; at most %.1f may be: a few "
                                   "rounds would decide the answer",
                                   *evidence.k_hat, kLargestKHat),
                   absl::StrCat(std::string(kExploreMore),
                                "; --clip bounds the weights, at the price of a bias")});
  const double off = std::abs(evidence.mean_weight - 1);
  if (off > std::max(3 * evidence.mean_weight_error, kMeanWeightTolerance))
    out.push_back({"mean_weight",
                   absl::StrFormat("the mean weight is %.3f, and 1 is expected (within %.3f)",
                                   evidence.mean_weight,
                                   std::max(3 * evidence.mean_weight_error, kMeanWeightTolerance)),
                   "the logged propensities are not those that items were drawn with, or the log "
                   "never shows part of what the target would, or rounds are missing: check the "
                   "logging, and draw evenly now and then"});
}

void judge_replay(const Evidence& evidence, std::vector<Refusal>& out) {
  if (!evidence.deterministic_target)
    out.push_back({"not_applicable", "replay is of targets that choose without chance",
                   "ask for ips or snips"});
  if (!evidence.even_logging)
    out.push_back({"not_applicable", "replay is of logs that were drawn evenly",
                   "ask for ips or snips"});
  if (evidence.matched < kLeastEss)
    out.push_back({"ess",
                   absl::StrFormat("the target agrees with %.0f rounds; at least %.0f are needed",
                                   evidence.matched, kLeastEss),
                   absl::StrCat("log about ",
                                rounds_for(static_cast<double>(evidence.rounds), evidence.matched,
                                           kLeastEss),
                                " rounds")});
}

}  // namespace

std::vector<Refusal> refusals(Estimator estimator, const Evidence& evidence) {
  std::vector<Refusal> out;
  if (evidence.rounds == 0 && evidence.bad_propensities == 0 && evidence.unanswerable == 0) {
    out.push_back({"empty", "the log has no round to evaluate",
                   "check what was read, above; Riffle's own lists are rounds once their reward "
                   "windows are over"});
    return out;
  }
  const EstimatorFacts& facts = facts_of(estimator);
  judge_log(evidence, out);
  if (facts.uses_weights) judge_weights(evidence, out);
  if (estimator == Estimator::kReplay) judge_replay(evidence, out);
  if (facts.needs_model && evidence.unmodelled > 0)
    out.push_back({"unmodelled",
                   absl::StrCat("what the target would earn by a reward model cannot be told of ",
                                evidence.unmodelled, " rounds"),
                   "a reward model needs the log twice (a file), every action that could have been "
                   "shown, and of Riffle's lists that no caps excluded any; docs/evaluation.md says "
                   "which targets have it"});
  return out;
}

}  // namespace riffle::evaluation
