#include "serving/recommender.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "base/check.h"
#include "features/user_features.h"
#include "learner/diversity_weights.h"
#include "learner/trainer.h"
#include "serving/candidate_batch.h"
#include "serving/choice_log.h"
#include "serving/decision_log.h"
#include "serving/explainer.h"
#include "serving/gatherer.h"
#include "serving/list_terms.h"
#include "serving/probe.h"
#include "serving/slate.h"
#include "serving/slate_distance.h"
#include "serving/texts.h"

namespace riffle::serving {
namespace {

double unit(std::optional<double> dial, double otherwise) { return std::clamp(dial.value_or(otherwise), 0.0, 1.0); }

void add_once(pb::Decision& decision, std::string_view cause) {
  const auto& causes = decision.degraded();
  if (std::find(causes.begin(), causes.end(), cause) == causes.end()) decision.add_degraded(std::string(cause));
}

}  // namespace

struct Recommender::Impl {
  Impl(const ServingOptions& serving, const features::RowOptions& row_options, Metrics& metrics)
      : options(serving), rows(row_options), gatherer(serving, row_options), probe(metrics) {
    for (const std::string_view name : {"popularity", "random", "given"}) {
      auto scorer = learner::make_scorer(name, {}, {});
      RIFFLE_CHECK(scorer.ok(), scorer.status().ToString());
      scorers.emplace(std::string(name), *std::move(scorer));
    }
  }

  const learner::Scorer& scorer_of(const ServingContext& context, pb::Decision& decision) const;
  void log_arms(const PolicyOptions& policy, const std::vector<Candidate>& candidates, const Slate& slate, pb::Decision& decision);
  void find_shown(const std::vector<Candidate>& candidates, const Slate& slate);
  void describe(const records::Request& request, const ServingContext& context, pb::Decision& decision) const;
  void write_list(const records::Request& request, const ServingContext& context,
                  const std::vector<Candidate>& candidates, const Slate& slate,
                  const std::function<double()>& took_ms, pb::Decision& decision);
  void record(const std::vector<Candidate>& candidates, const Slate& slate, const pb::Decision& decision);

  ServingOptions options;
  features::RowOptions rows;
  Gatherer gatherer;
  CandidateBatch batch;
  SlateBuilder builder;
  DecisionLog log;
  Probe probe;
  pb::Decision decision;                           // emptied, it keeps the memory of its hundreds of small parts
  std::string encoded;                             // behind its origin
  std::size_t origin_bytes = 0;
  pb::Decision tail;                               // what is known last of a decision
  records::ListNotes notes;                        // likewise kept for its memory
  absl::flat_hash_map<std::string, std::shared_ptr<const learner::Scorer>> scorers;  // those that never learn
  std::vector<const features::CatalogueItem*> shown;
  std::vector<CategoryShare> tastes;
  std::vector<learner::WeightArm> arms;            // empty: λ is not learned
};

// The policy's own; where it has learned nothing yet, or has not come, what needs no learning, and it says so.
const learner::Scorer& Recommender::Impl::scorer_of(const ServingContext& context, pb::Decision& decision) const {
  const bool learns = learner::is_trainable(context.options->scorer);
  const bool has_version = context.policy && context.policy->scorer;
  if (has_version && (context.policy->version > 0 || !learns)) return *context.policy->scorer;
  if (const auto fixed = scorers.find(context.options->scorer); fixed != scorers.end()) return *fixed->second;
  add_once(decision, context.policy ? "untrained" : "no_policy");
  return *scorers.find("popularity")->second;
}

void Recommender::Impl::describe(const records::Request& request, const ServingContext& context,
                                 pb::Decision& decision) const {
  decision.set_request_id(request.request_id.str());
  decision.set_request_hash(context.request_hash);
  decision.set_user_id(request.user_id.str());
  decision.set_session_id(request.session_id.str());
  decision.set_surface(request.surface);
  decision.set_time_ms(to_ms(context.now));
  decision.set_policy_id(context.options->id.str());
  decision.set_policy_version(context.policy ? context.policy->version : 0);
  decision.set_ordinal(context.ordinal);
  decision.set_explore(unit(request.explore, 1));
  decision.set_diversity(unit(request.diversity, context.options->diversifier.weight));
  decision.set_feature_fingerprint(features::feature_fingerprint());
  decision.set_traceparent(std::string(context.traceparent));
  for (const std::string& cause : context.degraded) add_once(decision, cause);
  for (const auto& [input, offset] : context.as_of) {
    pb::AsOf* as_of = decision.add_as_of();
    as_of->set_input(input);
    as_of->set_offset(offset);
  }
}

void Recommender::Impl::write_list(const records::Request& request, const ServingContext& context,
                                   const std::vector<Candidate>& candidates, const Slate& slate,
                                   const std::function<double()>& took_ms, pb::Decision& decision) {
  const Explainer explainer(context.user, gatherer.pool(), known_language(request.language, options.language));
  notes.request_name = context.origin;
  notes.slots.resize(slate.slots.size());
  for (std::size_t i = 0; i < slate.slots.size(); ++i) {
    const Candidate& candidate = candidates[slate.slots[i].candidate];
    const SourceOrder order = sources_of(candidate);
    notes.slots[i].source = order.count > 0 ? name_of(order.ids[0]) : std::string_view();
    explainer.explain(candidate, slate.randomised || !slate.slots[i].greedy, notes.slots[i].reasons);
  }
  encoded = context.origin;
  encoded += '\0';
  origin_bytes = encoded.size();
  decision.AppendToString(&encoded);
  decision.set_recommendation_id(recommendation_id(context.now, encoded));
  notes.took_ms = took_ms ? took_ms() : 0;
  records::encode_list(decision, notes, *decision.mutable_list());
  // A message is the sum of its pieces: what came last is written behind the rest, in the place of writing all of it again.
  tail.set_recommendation_id(decision.recommendation_id());
  tail.set_list(decision.list());
  tail.AppendToString(&encoded);
}

void Recommender::Impl::log_arms(const PolicyOptions& policy, const std::vector<Candidate>& candidates, const Slate& slate,
                                 pb::Decision& decision) {
  if (arms.empty()) return;
  decision.set_diversity(arms[slate.arm].weight);
  pb::LearnedWeight& log = *decision.mutable_learned_weight();
  for (std::size_t arm = 0; arm < arms.size(); ++arm) {
    log.add_weights(arms[arm].weight);
    log.add_probabilities(arms[arm].probability);
    log.add_log_slates(slate.log_propensities[arm]);
  }
  log.set_drawn(static_cast<std::uint32_t>(slate.arm));
  if (policy.diversifier.adapt.kind != "target") return;
  find_shown(candidates, slate);
  const auto distance = policy.diversifier.adapt.distance == "title" ? title_distance(shown) : category_distance(shown);
  if (distance) log.set_distance(*distance);
}

void Recommender::Impl::find_shown(const std::vector<Candidate>& candidates, const Slate& slate) {
  shown.clear();
  for (const FilledSlot& slot : slate.slots)
    shown.push_back(gatherer.pool().at(candidates[slot.candidate].item).catalogue);
}

void Recommender::Impl::record(const std::vector<Candidate>& candidates, const Slate& slate,
                               const pb::Decision& decision) {
  find_shown(candidates, slate);
  probe.record(decision, candidates.size(), category_distance(shown), title_distance(shown));
}

Recommender::Recommender(const ServingOptions& options, const features::RowOptions& rows, Metrics& metrics)
    : impl_(std::make_unique<Impl>(options, rows, metrics)) {}

Recommender::~Recommender() = default;

const pb::Decision& Recommender::recommend(const records::Request& request, const ServingContext& context, Rng& rng,
                                           const std::function<double()>& took_ms) {
  Impl& impl = *impl_;
  RIFFLE_CHECK(context.options, "a request without a policy's options");
  static const features::Catalogue kEmptyCatalogue;
  const features::Catalogue& catalogue = context.catalogue ? *context.catalogue : kEmptyCatalogue;
  const std::size_t n = request.n ? static_cast<std::size_t>(std::max(*request.n, 0)) : impl.options.default_n;

  pb::Decision& decision = impl.decision;
  decision.Clear();
  impl.describe(request, context, decision);
  if (context.hurry) add_once(decision, "deadline");
  const learner::Scorer& scorer = impl.scorer_of(context, decision);

  const features::UserContext user = features::make_user_context(context.user, catalogue, context.now, impl.rows);
  decision.set_segment(user.segment);
  if (context.log_user || scorer.reads_user()) {
    const features::UserFeatures about = features::user_features(user);
    decision.set_segment(scorer.segment_of(about, user.segment));
    decision.mutable_user_features()->Add(about.begin(), about.end());
  }
  const std::vector<Candidate>& candidates = impl.gatherer.gather(request, context, user, n);
  impl.batch.fill(candidates, user, impl.gatherer.pool());
  impl.batch.score(scorer, decision.segment(), impl.builder.needs(*context.options));
  impl.tastes.clear();
  for (const auto& [category, taste] : user.categories) impl.tastes.push_back({.category = category, .share = taste.share});
  impl.arms.clear();
  if (!request.diversity) find_arms(*context.options, context.policy, decision.segment(), decision.explore(), impl.arms);
  SlateInput choice = {.keys = impl.batch.keys(),
                       .scores = impl.batch.scores(),
                       .kernels = impl.batch.kernels(),
                       .category_paths = impl.batch.category_paths(),
                       .policy = context.options,
                       .slots = n,
                       .explore = decision.explore(),
                       .diversity = decision.diversity(),
                       .slots_learned = context.policy ? static_cast<double>(context.policy->slots_learned) : 0,
                       .draws = impl.batch.draws(),
                       .widths = impl.batch.widths(),
                       .tastes = impl.tastes,
                       .arms = impl.arms};
  const Slate& slate = impl.builder.fill(choice, rng);
  if (slate.caps_lifted) add_once(decision, "caps");
  if (slate.slots.size() < n) add_once(decision, slate.slots.empty() ? "empty" : "short");

  impl.log_arms(*context.options, candidates, slate, decision);
  choice.diversity = decision.diversity();  // the drawn one
  impl.log.log_slots(slate, candidates, impl.batch, impl.gatherer.pool(), decision);
  add_bonuses(impl.rows.reward, slate, candidates, impl.batch, impl.gatherer.pool(), context.stats, decision);
  impl.log.log_candidates(candidates, impl.batch, context.origin, impl.options, rng, decision);
  pb::ChoiceLog logged_choice;
  const bool with_choice = decision.fully_logged() && choice_bytes(choice) <= kMostChoiceBytes;
  if (with_choice) log_choice(choice, request.diversity.has_value(), logged_choice);
  impl.log.finish(with_choice ? &logged_choice : nullptr, decision);
  impl.write_list(request, context, candidates, slate, took_ms, decision);
  impl.record(candidates, slate, decision);
  return decision;
}

std::string_view Recommender::encoded() const { return std::string_view(impl_->encoded).substr(impl_->origin_bytes); }

}  // namespace riffle::serving
