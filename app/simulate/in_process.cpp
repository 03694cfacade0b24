#include "app/simulate/in_process.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/errors.h"
#include "features/catalogue.h"
#include "features/event_rows.h"
#include "features/item_stats.h"
#include "features/joiner.h"
#include "learner/diversity_weights.h"
#include "pipeline/in_process_encoder.h"
#include "records/candidate_table.h"
#include "serving/recommender.h"
#include "state/memory_store.h"
#include "state/row_cache.h"

namespace riffle::app {
namespace {

constexpr std::size_t kAllRows = 1'000'000'000;  // rows that nobody commits stay anyway
constexpr Partition kShard{0};

features::JoinOptions with_impressions(features::JoinOptions options, const std::string& surface) {
  if (std::find(options.impression_surfaces.begin(), options.impression_surfaces.end(), surface) ==
      options.impression_surfaces.end())
    options.impression_surfaces.push_back(surface);
  return options;
}

}  // namespace

struct InProcess::Impl {
  Impl(const config::Config& config, const serving::PolicyOptions& policy, std::uint64_t seed_of_choices)
      : options(policy),
        rows(config.rows),
        seed(seed_of_choices),
        event_rows(rows, &users, &items),
        statistics(rows),
        joiner(rows, with_impressions(config.join, config.simulation.surface),
               {&store, &decisions, &joins, &user_lists, &waiting}, kShard, metrics),
        recommender(config.serving, rows, metrics),
        stats(statistics.snapshot()),
        known(catalogue.snapshot()) {}

  void refresh();
  void learn();

  const serving::PolicyOptions options;
  const features::RowOptions rows;
  const std::uint64_t seed;
  Metrics metrics;
  state::MemoryStore store;
  state::RowCache<records::UserRow> users{&store, state::Column::kUsers, kAllRows};
  state::RowCache<records::ItemRow> items{&store, state::Column::kItems, kAllRows};
  state::RowCache<pb::Decision> decisions{&store, state::Column::kDecisions, kAllRows};
  state::RowCache<pb::Join> joins{&store, state::Column::kJoins, kAllRows};
  state::RowCache<pb::UserLists> user_lists{&store, state::Column::kUserLists, kAllRows};
  state::RowCache<pb::WaitingReward> waiting{&store, state::Column::kWaiting, kAllRows};
  features::EventRows event_rows;
  features::ItemStatsBuilder statistics;
  features::CatalogueBuilder catalogue;
  features::Joiner joiner;
  serving::Recommender recommender;
  std::shared_ptr<const features::ItemStatsSnapshot> stats;
  std::shared_ptr<const features::Catalogue> known;
  bool catalogue_changed = false;

  std::unique_ptr<learner::Trainer> trainer;
  std::unique_ptr<learner::WeightTrainer> weight;   // null: the diversity weight is not learned
  std::unique_ptr<pipeline::InProcessEncoder> encoder;  // null: none
  std::string segment;                              // of the last list
  double diversity = 0;
  learner::PolicyVersion version;
  features::Outcomes outcomes;
  std::uint64_t outcomes_read = 0, lists = 0, events = 0, epoch = 0;
  TimePoint time = from_ms(0);
  records::JsonDecoder decoder{records::Limits{}};
  records::Event event;
};

InProcess::InProcess(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
InProcess::~InProcess() = default;

absl::StatusOr<std::unique_ptr<InProcess>> InProcess::create(const config::Config& config,
                                                             const serving::PolicyOptions& policy, std::uint64_t seed) {
  auto impl = std::make_unique<Impl>(config, policy, seed);
  RIFFLE_RETURN_IF_ERROR(impl->joiner.open());
  if (learner::is_trainable(policy.scorer)) {
    RIFFLE_ASSIGN_OR_RETURN(impl->trainer, learner::make_trainer(policy.scorer, config.learner));
  }
  const learner::LearnedPolicy learned = serving::learned_policy(policy);
  if (learner::learns(learned.weight)) {
    RIFFLE_ASSIGN_OR_RETURN(impl->weight, learner::make_weight_trainer(learned.weight));
  }
  RIFFLE_ASSIGN_OR_RETURN(impl->version, learner::first_version(learned, config.learner));
  RIFFLE_ASSIGN_OR_RETURN(impl->encoder, pipeline::InProcessEncoder::create(
                                             {config.ingest, config.rows, config.learner}, impl->metrics));
  return std::unique_ptr<InProcess>(new InProcess(std::move(impl)));
}

void InProcess::add(const records::Item& item, TimePoint at) {
  impl_->catalogue.upsert(item, at);
  impl_->catalogue_changed = true;
}

void InProcess::on_event(const simulation::EventRecord& record) {
  Impl& impl = *impl_;
  if (impl.decoder.decode(record.payload, impl.event)) return;
  const TimePoint at = impl.event.timestamp.value_or(record.at);
  if (impl.event_rows.apply(impl.event, at) != features::EventRows::Result::kApplied) return;
  impl.time = std::max(impl.time, at);
  impl.joiner.on_event(impl.event, at, impl.time, impl.outcomes);
  if (impl.encoder)
    impl.encoder->learn({.topic = {},
                         .partition = kShard,
                         .offset = Offset(static_cast<std::int64_t>(impl.events)),
                         .timestamp = at,
                         .key = impl.event.user_id.str(),
                         .value = record.payload,
                         .headers = {}});
  impl.learn();
  if (++impl.events % kRefresh == 0) impl.refresh();
}

records::Recommendation InProcess::list(const records::Request& request) {
  Impl& impl = *impl_;
  if (impl.catalogue_changed && impl.lists == 0) impl.refresh();
  impl.time = std::max(impl.time, request.timestamp.value_or(impl.time));
  impl.joiner.on_tick(impl.time, impl.outcomes);
  const std::string origin = absl::StrCat("requests/0/", impl.lists);
  serving::ServingContext context;
  context.now = request.timestamp.value_or(impl.time);
  context.shard = kShard;
  context.user = impl.users.find(request.user_id.str());
  context.items = &impl.items;
  context.stats = impl.stats.get();
  context.catalogue = impl.known.get();
  if (impl.encoder) context.encoder = impl.encoder->at(context.now).get();
  context.policy = &impl.version;
  context.options = &impl.options;
  context.log_user = impl.version.scorer->reads_user();
  context.ordinal = impl.joiner.next_ordinal(request.user_id);
  context.origin = origin;
  Rng rng(impl.seed ^ (++impl.lists * 0xD1B54A32D192ED03ULL));
  const pb::Decision& decision = impl.recommender.recommend(request, context, rng, nullptr);

  records::Recommendation list;
  list.recommendation_id = RecommendationId(decision.recommendation_id());
  list.request_id = request.request_id;
  list.user_id = request.user_id;
  list.surface = request.surface;
  list.timestamp = context.now;
  list.policy_id = impl.options.id;
  list.policy_version = impl.version.version;
  for (const auto& slot : decision.slots())
    list.items.push_back({ItemId(slot.item_id()), static_cast<std::int32_t>(list.items.size()),
                          static_cast<double>(slot.score()), slot.propensity(), ""});
  impl.segment = decision.segment();
  impl.diversity = decision.diversity();
  impl.decisions.put_encoded(decision.recommendation_id(), std::string(impl.recommender.encoded()));
  impl.joiner.on_decision(decision, impl.time, impl.outcomes);
  impl.learn();
  if ((impl.trainer || impl.weight) && impl.lists % kPublish == 0) {
    ++impl.version.version;
    if (impl.trainer) impl.version.scorer = impl.trainer->scorer(), impl.version.slots_learned = impl.trainer->slots_learned();
    if (impl.weight) impl.version.weights = impl.weight->weights();
  }
  return list;
}

void InProcess::Impl::learn() {
  for (pb::Outcome& outcome : outcomes) {
    outcome.set_sequence(outcomes_read);
    const absl::Status spread = records::spread_candidates(outcome);
    RIFFLE_CHECK(spread.ok(), spread.ToString());
    if (trainer) trainer->learn_at(outcome, {kShard.value(), static_cast<std::int64_t>(outcomes_read)});
    if (weight) weight->learn(outcome);
    ++outcomes_read;
  }
  outcomes.Clear();
  for (const RecommendationId& id : joiner.take_closed()) decisions.erase(id.str());
}

// The shard's own rows stand for their part when signals are read, so what is told here only ranks items: no neighbours.
void InProcess::Impl::refresh() {
  ++epoch;
  for (const ItemKey key : event_rows.take_touched()) {
    const records::ItemRow* row = items.find(features::item_row_key(key));
    auto told = std::make_shared<records::ItemRow>();
    told->item_id = row->item_id;
    told->counts = row->counts;
    told->popularity = row->popularity;
    told->trend = row->trend;
    told->first_ms = row->first_ms;
    told->last_ms = row->last_ms;
    statistics.update(key, {.shard = kShard, .generation = 1, .epoch = epoch, .row = std::move(told)});
  }
  stats = statistics.snapshot();
  if (!std::exchange(catalogue_changed, false)) return;
  known = catalogue.snapshot();
  if (encoder) encoder->know(known);
}

const learner::Trainer* InProcess::trainer() const { return impl_->trainer.get(); }
std::string_view InProcess::segment() const { return impl_->segment; }
double InProcess::diversity() const { return impl_->diversity; }
std::uint64_t InProcess::outcomes() const { return impl_->outcomes_read; }

}  // namespace riffle::app
