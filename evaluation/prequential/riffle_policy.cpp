#include "evaluation/prequential/riffle_policy.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/hash.h"
#include "evaluation/prequential/listwise_ranking.h"
#include "evaluation/prequential/riffle_columns.h"
#include "evaluation/prequential/user_neighbours.h"
#include "features/catalogue.h"
#include "features/event_rows.h"
#include "features/fresh_items.h"
#include "features/item_stats.h"
#include "pipeline/statistics.h"
#include "serving/candidate_batch.h"
#include "serving/gatherer.h"
#include "serving/slate.h"
#include "state/memory_store.h"
#include "state/row_cache.h"

namespace riffle::evaluation {
namespace {

constexpr std::size_t kAllRows = 1'000'000'000;  // rows that nobody commits stay anyway
constexpr Partition kShard{0};
constexpr ItemIndex kUnknown = ~ItemIndex{0};

// Whether repeats are allowed is the protocol's to say: by what requests exclude.
serving::ServingOptions with_repeats(serving::ServingOptions options) {
  options.repeat_purchased = options.repeat_seen = true;
  return options;
}

}  // namespace

struct RifflePolicy::Impl {
  Impl(const features::RowOptions& row_options, const serving::ServingOptions& serving_options, double step,
       std::unique_ptr<LiveEncoder> live_encoder)
      : rows(row_options),
        serving(with_repeats(serving_options)),
        event_rows(rows, &users, &items),
        statistics(rows),
        gatherer(serving, rows),
        stats(statistics.snapshot()),
        known(catalogue.snapshot()),
        encoder(std::move(live_encoder)),
        ranking(kColumns, {.step = step}) {
    options.id = options_of_new.id = PolicyId("riffle");
    for (std::size_t i = 0; i < serving::kCandidateSources; ++i)
      if (const auto source = static_cast<serving::CandidateSourceId>(i); source != serving::CandidateSourceId::kOwn)
        options_of_new.sources.emplace_back(serving::name_of(source));
    for (const auto& [column, weight] : first_weights()) ranking.start_at(column, weight);
  }

  void gather(const Query& query);
  void find_indexes();
  void refresh();

  features::RowOptions rows;
  serving::ServingOptions serving;
  state::MemoryStore store;
  state::RowCache<records::UserRow> users{&store, state::Column::kUsers, kAllRows};
  state::RowCache<records::ItemRow> items{&store, state::Column::kItems, kAllRows};
  features::EventRows event_rows;
  features::FreshItems fresh{&event_rows};
  features::ItemStatsBuilder statistics;
  features::CatalogueBuilder catalogue;
  serving::Gatherer gatherer;
  records::Request request;                                     // the last one
  const std::vector<serving::Candidate>* candidates = nullptr;  // of it
  ItemKey last;                                                 // of the user who asked
  OwnSessions own;
  RowWriter writer;
  UserNeighbours neighbours;
  serving::CandidateBatch batch;
  serving::PolicyOptions options, options_of_new;  // the latter where only what is new to the user is wanted
  std::shared_ptr<const features::ItemStatsSnapshot> stats;
  std::shared_ptr<const features::Catalogue> known;
  absl::flat_hash_map<ItemKey, ItemIndex> index_of;
  std::vector<ItemIndex> index_of_pooled;  // the same by the pool's numbers, where it was asked for
  std::uint32_t numbering = 0;             // the pool's that those are of
  std::vector<ItemIndex> indexes;          // of the candidates
  std::uint64_t events = 0, epoch = 0;
  bool catalogue_changed = false;
  std::unique_ptr<LiveEncoder> encoder;    // null: none

  ListwiseRanking ranking;             // of the candidates that may be listed
  // Of the last query: who asked when, and of the ranking's candidates their keys and places in the batch.
  UserIndex user = ~UserIndex{0};
  TimePoint time{};
  std::vector<ItemKey> keys;
  std::vector<std::uint32_t> places;
  features::UserContext about;          // who asked
  // Of the ranking, for diversifiers alone.
  std::vector<float> likelihoods;
  std::vector<const features::KernelVector*> kernels;
  std::vector<std::span<const CategoryKey>> paths;
  std::vector<serving::CategoryShare> tastes;
  serving::PolicyOptions diversified;
  serving::SlateBuilder builder;
};

RifflePolicy::RifflePolicy(const features::RowOptions& rows, const serving::ServingOptions& serving, double step, std::string name,
                           std::unique_ptr<LiveEncoder> encoder)
    : name_(std::move(name)), impl_(std::make_unique<Impl>(rows, serving, step, std::move(encoder))) {}

RifflePolicy::~RifflePolicy() = default;

void RifflePolicy::Impl::gather(const Query& query) {
  const LedgerUser& asking = query.ledger->at(query.user);
  if (request.user_id != asking.id) {
    request.user_id = asking.id;
    request.exclude_items.clear();
  }
  request.n = static_cast<std::int32_t>(query.n);
  // Who is asked for is mostly who was asked for before, and has one item more.
  if (query.new_only)
    for (std::size_t i = request.exclude_items.size(); i < asking.items.size(); ++i)
      request.exclude_items.push_back(query.ledger->item(asking.items[i]).id);
  serving::ServingContext context;
  context.shard = kShard;
  context.user = users.find(asking.id.str());
  context.items = &items;
  context.fresh = &fresh;
  context.stats = stats.get();
  context.catalogue = known.get();
  context.options = query.new_only ? &options_of_new : &options;
  context.now = query.time;
  if (encoder) context.encoder = encoder->at(query.time);
  last = context.user && !context.user->history.empty() ? context.user->history.back().item : ItemKey();
  if (!query.new_only) own.read(context.user, rows.session_gap);
  about = features::make_user_context(context.user, *known, query.time, rows);
  candidates = &gatherer.gather(request, context, about, query.n);
  batch.fill(*candidates, about, gatherer.pool());
}

// Of the candidates; kUnknown: the stream has not named it.
void RifflePolicy::Impl::find_indexes() {
  if (const std::uint32_t valid = gatherer.pool().numbering(); valid != numbering) {
    numbering = valid;
    index_of_pooled.clear();
  }
  if (index_of_pooled.size() < gatherer.pool().numbers()) index_of_pooled.resize(2 * gatherer.pool().numbers(), kUnknown);
  indexes.resize(candidates->size());
  for (std::size_t i = 0; i < indexes.size(); ++i) indexes[i] = index_of_pooled[(*candidates)[i].item];
  for (std::size_t i = 0; i < indexes.size(); ++i) {
    if (indexes[i] != kUnknown) continue;
    if (const auto place = index_of.find(batch.keys()[i]); place != index_of.end())
      index_of_pooled[(*candidates)[i].item] = indexes[i] = place->second;
  }
}

void RifflePolicy::recommend(const Query& query, std::vector<ItemIndex>& list) {
  Impl& impl = *impl_;
  impl.ranking.begin(query);
  impl.gather(query);
  impl.neighbours.ask(query.user, query.basket);
  impl.user = query.user;
  impl.time = query.time;
  impl.keys.clear(), impl.places.clear();
  std::vector<ItemIndex>& items = impl.ranking.items();
  std::vector<float>& rows = impl.ranking.rows();
  rows.resize(impl.batch.count() * kColumns);
  impl.writer.begin(rows);
  impl.find_indexes();
  for (std::uint32_t i = 0; i < impl.batch.count(); ++i) {
    const ItemIndex index = impl.indexes[i];
    if (index == kUnknown) continue;  // what he had is excluded already
    impl.writer.write(items.size(), impl.batch, i, (*impl.candidates)[i], impl.last, impl.neighbours.score(index));
    items.push_back(index);
    impl.keys.push_back(impl.batch.keys()[i]);
    impl.places.push_back(i);
  }
  rows.resize(items.size() * kColumns);
  impl.writer.finish();
  for (std::size_t i = 0; !query.new_only && i < items.size(); ++i)
    impl.own.write(impl.keys[i], query.time, std::span<float, kColumns>(rows.data() + i * kColumns, kColumns));
  impl.ranking.rank(list);
}

void RifflePolicy::diversify(const Query& query, const serving::DiversifierOptions& diversifier,
                             std::vector<ItemIndex>& list) {
  Impl& impl = *impl_;
  RIFFLE_CHECK(impl.user == query.user && impl.time == query.time, "another query than the last", query.user);
  list.clear();
  const std::span<const float> scores = impl.ranking.scores();
  if (scores.empty()) return;
  const float most = *std::max_element(scores.begin(), scores.end());
  impl.likelihoods.clear();
  for (const float score : scores) impl.likelihoods.push_back(std::exp(score - most));
  impl.kernels.clear(), impl.paths.clear(), impl.tastes.clear();
  for (const std::uint32_t place : impl.places) {
    impl.kernels.push_back(impl.batch.kernels()[place]);
    impl.paths.push_back(impl.batch.category_paths()[place]);
  }
  for (const auto& [category, taste] : impl.about.categories) impl.tastes.push_back({category, taste.share});
  impl.diversified.explorer.kind = "greedy";
  impl.diversified.diversifier = diversifier;
  Rng unused(0);  // nothing is left to chance
  const serving::Slate& slate = impl.builder.fill({.keys = impl.keys,
                                                   .scores = impl.likelihoods,
                                                   .kernels = impl.kernels,
                                                   .category_paths = impl.paths,
                                                   .policy = &impl.diversified,
                                                   .slots = query.n,
                                                   .diversity = diversifier.weight,
                                                   .tastes = impl.tastes},
                                                  unused);
  for (const serving::FilledSlot& slot : slate.slots) list.push_back(impl.ranking.items()[slot.candidate]);
}

RifflePolicy::Choice RifflePolicy::choice() const { return {impl_->ranking.items(), impl_->ranking.scores()}; }

void RifflePolicy::learn(const Interaction& interaction) {
  Impl& impl = *impl_;
  const ItemKey key = key_of(interaction.event->item_id);
  impl.ranking.take(interaction);
  if (interaction.counts) impl.neighbours.take(interaction.user, interaction.item, interaction.basket);
  impl.index_of.try_emplace(key, interaction.item);
  impl.event_rows.apply(*interaction.event, interaction.time);
  if (impl.encoder) {
    const features::CatalogueItem* const item = impl.known->items.find(key);
    impl.encoder->take(interaction.user, {key, item ? item->category : CategoryKey(), to_ms(interaction.time), interaction.event->type},
                       interaction.counts);
  }
  if (++impl.events % kRefresh == 0) impl.refresh();
}

void RifflePolicy::describe(const records::Item& item, TimePoint time) {
  impl_->catalogue.upsert(item, time);
  impl_->catalogue_changed = true;
}

void RifflePolicy::observe(const records::Event& event, TimePoint time) { impl_->event_rows.apply(event, time); }

// Neighbours are always read from the shard's own rows: none are told. The snapshot before goes first, so that nothing of it is copied.
void RifflePolicy::Impl::refresh() {
  stats.reset();
  const std::vector<ItemKey> touched = event_rows.take_touched();
  fresh.told(++epoch, touched);
  for (const ItemKey key : touched)
    statistics.update(key, {.shard = kShard,
                            .generation = 1,
                            .epoch = epoch,
                            .row = pipeline::told_row(*items.find(features::item_row_key(key)), 0)});
  fresh.heard(epoch);
  stats = statistics.snapshot();
  if (catalogue_changed) known = catalogue.snapshot();
  catalogue_changed = false;
}

std::size_t RifflePolicy::memory_bytes() const {
  // By the rows' bounds, as they lie in memory: 24 bytes a history entry, 12 a neighbour.
  const std::size_t user = sizeof(records::UserRow) + impl_->rows.history_length * sizeof(records::HistoryEntry) +
                           impl_->rows.dedup_length * sizeof(std::uint64_t);
  const std::size_t item = 2 * sizeof(records::ItemRow) + 3 * impl_->rows.neighbours * sizeof(records::Neighbour);
  return impl_->users.size() * user + impl_->items.size() * item +
         impl_->known->items.size() * sizeof(features::CatalogueItem) + impl_->neighbours.memory_bytes() +
         (impl_->encoder ? impl_->encoder->memory_bytes() : 0);
}

std::vector<std::pair<std::string, double>> RifflePolicy::weights() const {
  std::vector<std::pair<std::string, double>> named;
  for (std::size_t i = 0; i < kColumns; ++i) named.emplace_back(column_name(i), impl_->ranking.weights()[i]);
  return named;
}

}  // namespace riffle::evaluation
