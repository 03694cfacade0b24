// Fills a list slot by slot (DESIGN §6): u = r̂ + λ·g over what is allowed, with r̂ clipped to [0, ceiling] and scaled to
// [0, 1]; the explorer turns u into a distribution; an item is drawn; its probability is kept. So each slot's propensity is
// exact given the slots above it, and the slate's is their product. Among more candidates than the policy's `shortlist` this is the
// second stage of two (serving/shortlist.h).
//
// Where λ is itself drawn (`arms`: learner/diversity_weights.h), it is drawn first and the whole list is made with it. Who reads the list
// does not know which it was, so a slot's propensity is the mixture's, given the slots s above:
//
//   P(i|s) = Σ_a P(a|s) P_a(i|s)     P(a|s) ∝ p_a Π P_a(slot | those above it)
//
// exactly what comes about: the product over slots is Σ_a p_a P_a(slate). The diversifier's g depends on the slots above and not on λ, so
// a further weight costs an explorer's distribution a slot, and nothing else.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/ids.h"
#include "base/rng.h"
#include "features/catalogue.h"
#include "learner/diversity_weights.h"
#include "serving/constraints.h"
#include "serving/diversifiers/diversifier.h"
#include "serving/explorers/explorer.h"
#include "serving/options.h"
#include "serving/shortlist.h"

namespace riffle::serving {

// Spans have one place a candidate (`draws`: equally many). References live during the call.
struct SlateInput {
  std::span<const ItemKey> keys;
  std::span<const float> scores;                                   // r̂, in reward units
  std::span<const features::KernelVector* const> kernels;          // null: nothing known
  std::span<const std::span<const CategoryKey>> category_paths;
  const PolicyOptions* policy = nullptr;
  std::size_t slots = 0;
  double explore = 1;                                              // [0, 1]
  double diversity = 0;                                            // λ ∈ [0, 1]; not read where there are arms
  double slots_learned = 0;                                        // t
  std::span<const float> draws = {};                               // the scorer's, where needs() asks and it has them
  std::span<const float> widths = {};                              // likewise
  std::span<const CategoryShare> tastes = {};                      // the user's; what calibration asks
  std::span<const learner::WeightArm> arms = {};                   // λ is one of these; their probabilities sum to 1
};

struct FilledSlot {
  std::uint32_t candidate = 0;
  double propensity = 1;
  float gain = 0;               // g when it was drawn
  std::uint32_t allowed = 0;    // how many could have been drawn
  bool greedy = true;           // it was the best by u: not there by exploration
};

struct Slate {
  std::vector<FilledSlot> slots;   // fewer than asked where candidates ran out
  double propensity = 1;
  std::vector<double> log_propensities = {};   // ln P_a(slate) of every arm, −∞: it could not have made it; empty: no arms
  std::size_t arm = 0;             // fill(): with which it was made
  bool caps_lifted = false;        // somewhere the caps left nothing, so they were lifted for that slot
  bool randomised = false;         // every slot was drawn uniformly over what was allowed
};

// The scorer `random` thinks nothing of items, so exploring by its scores would only be a hidden order of keys: with it the
// explorer is `uniform`, whatever the policy says. (explore < 1 mixes in the greedy choice, as for any explorer.)
std::string_view explorer_of(const PolicyOptions& policy);

// Replaces `out` by the weights that λ may be where the request does not say it: none where the policy learns none. `version`: null, or
// one that knows nothing of it, where nothing was learned yet.
void find_arms(const PolicyOptions& policy, const learner::PolicyVersion* version, std::string_view segment, double explore,
               std::vector<learner::WeightArm>& out);

// One thread; keeps its memory between lists. Takes exactly one random number a slot, and one before them where there are several arms.
class SlateBuilder {
 public:
  SlateBuilder();
  // What the policy's explorer wants to know of the scorer.
  ExplorerNeeds needs(const PolicyOptions& policy) const;
  // Valid until the next call. The policy's kinds must exist (config checks them).
  const Slate& fill(const SlateInput& input, Rng& rng);
  // The same with `next` in the place of chance: it is told what each slot would be drawn from, and answers the candidate that
  // fills it, any that fills none yet. So evaluation follows a logged list, or looks at what drawn ones were drawn from.
  using NextCandidate = std::function<std::uint32_t(const Distribution&, std::span<const std::uint32_t> allowed)>;
  const Slate& walk(const SlateInput& input, const NextCandidate& next);

 private:
  // `drawn`: the arm whose distributions the slots are drawn from; none: the mixture's.
  template <class Next>
  const Slate& fill_with(const SlateInput& input, std::optional<std::size_t> drawn, const Next& next);
  void distribute(const SlateInput& input, Explorer& chooser, double diversity, Distribution& out);
  void mix();
  void settle(std::uint32_t chosen);
  Explorer& explorer(const PolicyOptions& policy) const;
  void allow(const SlateInput& input);
  void begin(const SlateInput& input, Diversifier& diversifier);
  void open(const SlateInput& input);
  void mask(double diversity);
  std::span<const std::uint32_t> filled();

  absl::flat_hash_map<std::string, std::unique_ptr<Explorer>> explorers_;
  absl::flat_hash_map<std::string, std::unique_ptr<Diversifier>> diversifiers_;
  CategoryCaps caps_;
  // By arm, one where there are none: what the slot at hand is drawn from, λ, and how likely the arm has made the slots above.
  std::vector<Distribution> distributions_;
  std::vector<double> weights_, likelihoods_;
  Distribution mixture_;
  Slate slate_;
  Shortlist shortlist_;
  // By place of the shortlist.
  std::vector<float> relevance_, gains_, utility_;   // padded (vector_lanes.h)
  std::vector<float> bonus_, draws_;                 // for explorers that ask for them
  std::vector<std::uint32_t> left_, open_;           // places that fill no slot, and those of them that are allowed; whole: empty
  // By candidate.
  std::vector<std::uint32_t> remaining_, allowed_, filled_;
  bool lifted_ = false;                              // caps, for this slot
};

}  // namespace riffle::serving
