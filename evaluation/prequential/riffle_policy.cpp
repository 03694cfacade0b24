#include "evaluation/prequential/riffle_policy.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/hash.h"
#include "features/catalogue.h"
#include "features/event_rows.h"
#include "features/item_stats.h"
#include "learner/listwise.h"
#include "serving/candidate_batch.h"
#include "serving/gatherer.h"
#include "state/memory_store.h"
#include "state/row_cache.h"

namespace riffle::evaluation {
namespace {

constexpr std::size_t kAllRows = 1'000'000'000;  // rows that nobody commits stay anyway
constexpr Partition kShard{0};

// What the ranker sees of a candidate: the features that every scorer reads, and of each source whether it named the item,
// its score, the score's logarithm, which tells small ones apart, and the score once more where the user's very last item led
// there.
constexpr std::size_t kOfSource = 4;
// And of the user's own history with the item: its sessions, their share of his sessions, whether it was in the last one, and
// how long ago that was.
constexpr std::size_t kOfHistory = 4;
constexpr std::size_t kColumns = features::kFeatureCount + kOfSource * serving::kCandidateSources + kOfHistory;

constexpr std::size_t column_of(serving::CandidateSourceId source, std::size_t part) {
  return features::kFeatureCount + kOfSource * serving::index_of(source) + part;
}
// Where the weights start, tuned on 2010-12 and 2011-01 of Online Retail. A stream too short to teach them (a few thousand
// baskets) is ranked sensibly from its beginning; a long one moves them.
std::vector<std::pair<std::size_t, float>> first_weights() {
  using serving::CandidateSourceId;
  return {{features::feature_index("popularity"), 1.0F},
          {features::feature_index("trend"), 2.0F},
          {column_of(CandidateSourceId::kTogether, 1), 1.0F},
          {column_of(CandidateSourceId::kTogether, 2), 0.2F},
          {column_of(CandidateSourceId::kNext, 1), 0.4F},
          {kColumns - kOfHistory, 2.0F},       // its sessions
          {kColumns - kOfHistory + 1, 1.0F}};  // their share
}

struct OwnSessions {
  struct Item {
    std::uint32_t sessions = 0, last_session = 0;
    std::int64_t last_ms = 0;
  };
  absl::flat_hash_map<ItemKey, Item> items;
  std::uint32_t sessions = 0;

  void read(const records::UserRow* user, Milliseconds gap) {
    items.clear();
    sessions = 0;
    if (!user) return;
    std::int64_t before = std::numeric_limits<std::int64_t>::min() / 2;
    for (const records::HistoryEntry& entry : user->history) {
      if (entry.time_ms - before > gap.count()) ++sessions;
      before = entry.time_ms;
      if (entry.weight <= 0) continue;
      Item& item = items[entry.item];
      if (item.last_session != sessions) ++item.sessions;
      item.last_session = sessions;
      item.last_ms = entry.time_ms;
    }
  }
  void append(ItemKey key, TimePoint now, std::vector<float>& rows) const {
    const auto item = items.find(key);
    if (item == items.end()) {
      rows.insert(rows.end(), kOfHistory, 0.0F);
      return;
    }
    const auto taken = static_cast<float>(item->second.sessions);
    const float days = static_cast<float>(to_ms(now) - item->second.last_ms) / 86'400'000.0F;
    rows.push_back(std::log1p(taken));
    rows.push_back(taken / static_cast<float>(sessions));
    rows.push_back(item->second.last_session == sessions ? 1.0F : 0.0F);
    rows.push_back(std::exp2(-days / 30));
  }
};

void append_row(std::span<const float> features, const serving::Candidate& candidate, ItemKey last,
                std::vector<float>& rows) {
  rows.insert(rows.end(), features.begin(), features.end());
  for (std::size_t i = 0; i < serving::kCandidateSources; ++i) {
    const auto source = static_cast<serving::CandidateSourceId>(i);
    const bool named = candidate.has(source);
    const float score = named ? std::max(candidate.mark(source).score, 0.0F) : 0.0F;
    rows.push_back(named ? 1.0F : 0.0F);
    rows.push_back(std::min(score, 2.0F));
    rows.push_back(std::log1p(std::min(score, 1e6F) * 300));
    rows.push_back(named && last != ItemKey() && candidate.mark(source).evidence == last ? std::min(score, 2.0F)
                                                                                         : 0.0F);
  }
}

// Whether repeats are allowed is the protocol's to say: by what requests exclude.
serving::ServingOptions with_repeats(serving::ServingOptions options) {
  options.repeat_purchased = options.repeat_seen = true;
  return options;
}

}  // namespace

struct RifflePolicy::Impl {
  Impl(const features::RowOptions& row_options, const serving::ServingOptions& serving_options)
      : rows(row_options),
        serving(with_repeats(serving_options)),
        event_rows(rows, &users, &items),
        statistics(rows),
        gatherer(serving, rows),
        stats(statistics.snapshot()),
        known(catalogue.snapshot()) {
    options.id = PolicyId("riffle");
    for (const auto& [column, weight] : first_weights()) trainer.start_at(column, weight);
  }

  void gather(const UserId& id, UserIndex user, TimePoint time, bool new_only, const Ledger& ledger, std::size_t n);
  void learn_taken();
  void refresh();

  features::RowOptions rows;
  serving::ServingOptions serving;
  state::MemoryStore store;
  state::RowCache<records::UserRow> users{&store, state::Column::kUsers, kAllRows};
  state::RowCache<records::ItemRow> items{&store, state::Column::kItems, kAllRows};
  features::EventRows event_rows;
  features::ItemStatsBuilder statistics;
  features::CatalogueBuilder catalogue;
  serving::Gatherer gatherer;
  const std::vector<serving::Candidate>* candidates = nullptr;  // of the last request
  ItemKey last;                                                 // of the user who asked
  OwnSessions own;
  serving::CandidateBatch batch;
  serving::PolicyOptions options;
  std::shared_ptr<const features::ItemStatsSnapshot> stats;
  std::shared_ptr<const features::Catalogue> known;
  absl::flat_hash_map<ItemKey, ItemIndex> index_of;
  std::uint64_t events = 0, epoch = 0;
  bool catalogue_changed = false;

  learner::ListwiseTrainer trainer{kColumns};
  // What the last query was answered from, until it is learned from.
  struct Asked {
    UserIndex user = ~UserIndex{0};
    std::uint64_t basket = 0;
    std::vector<ItemKey> keys;
    std::vector<float> rows;  // kColumns a key
    std::vector<std::uint32_t> taken;
  } asked;
  std::vector<std::pair<float, std::uint32_t>> order;
};

RifflePolicy::RifflePolicy(const features::RowOptions& rows, const serving::ServingOptions& serving)
    : impl_(std::make_unique<Impl>(rows, serving)) {}

RifflePolicy::~RifflePolicy() = default;

void RifflePolicy::Impl::gather(const UserId& id, UserIndex user, TimePoint time, bool new_only, const Ledger& ledger,
                                std::size_t n) {
  records::Request request;
  request.user_id = id;
  request.n = static_cast<std::int32_t>(n);
  if (new_only)
    for (const ItemIndex item : ledger.at(user).items) request.exclude_items.push_back(ledger.item(item).id);
  serving::ServingContext context;
  context.shard = kShard;
  context.user = users.find(id.str());
  context.items = &items;
  context.stats = stats.get();
  context.catalogue = known.get();
  context.options = &options;
  context.now = time;
  last = context.user && !context.user->history.empty() ? context.user->history.back().item : ItemKey();
  own.read(context.user, rows.session_gap);
  const features::UserContext about = features::make_user_context(context.user, *known, time, rows);
  candidates = &gatherer.gather(request, context, about, n);
  batch.fill(*candidates, about, gatherer.pool());
}

void RifflePolicy::recommend(const Query& query, std::vector<ItemIndex>& list) {
  Impl& impl = *impl_;
  impl.learn_taken();
  impl.gather(query.ledger->at(query.user).id, query.user, query.time, query.new_only, *query.ledger, query.n);
  impl.asked.user = query.user;
  impl.asked.basket = query.basket;
  impl.asked.keys.clear();
  impl.asked.rows.clear();
  impl.order.clear();
  for (std::uint32_t i = 0; i < impl.batch.count(); ++i) {
    const auto known = impl.index_of.find(impl.batch.keys()[i]);
    if (known == impl.index_of.end() || !query.allowed(known->second)) continue;
    append_row(impl.batch.features(i), (*impl.candidates)[i], impl.last, impl.asked.rows);
    impl.own.append(impl.batch.keys()[i], query.time, impl.asked.rows);
    impl.order.emplace_back(-impl.trainer.score(std::span(impl.asked.rows).last(kColumns)), known->second);
    impl.asked.keys.push_back(impl.batch.keys()[i]);
  }
  const std::size_t n = std::min(query.n, impl.order.size());
  std::partial_sort(impl.order.begin(), impl.order.begin() + static_cast<std::ptrdiff_t>(n), impl.order.end());
  list.clear();
  for (std::size_t i = 0; i < n; ++i) list.push_back(impl.order[i].second);
}

// What was taken at one point is learned before the next one.
void RifflePolicy::Impl::learn_taken() {
  trainer.learn(asked.rows, asked.taken);
  asked.taken.clear();
  asked.user = ~UserIndex{0};
}

void RifflePolicy::learn(const Interaction& interaction) {
  Impl& impl = *impl_;
  const ItemKey key = key_of(interaction.event->item_id);
  if (interaction.counts && impl.asked.user == interaction.user && impl.asked.basket == interaction.basket) {
    const auto place = std::find(impl.asked.keys.begin(), impl.asked.keys.end(), key);
    if (place != impl.asked.keys.end())
      impl.asked.taken.push_back(static_cast<std::uint32_t>(place - impl.asked.keys.begin()));
  }
  impl.index_of.try_emplace(key, interaction.item);
  impl.event_rows.apply(*interaction.event, interaction.time);
  if (++impl.events % kRefresh == 0) impl.refresh();
}

void RifflePolicy::describe(const records::Item& item, TimePoint time) {
  impl_->catalogue.upsert(item, time);
  impl_->catalogue_changed = true;
}

void RifflePolicy::observe(const records::Event& event, TimePoint time) { impl_->event_rows.apply(event, time); }

// The shard's own rows stand for their part when signals are read, so what is told here only ranks items: no neighbours.
void RifflePolicy::Impl::refresh() {
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
  if (catalogue_changed) known = catalogue.snapshot();
  catalogue_changed = false;
}

std::size_t RifflePolicy::memory_bytes() const {
  // By the rows' bounds, as they lie in memory: 24 bytes a history entry, 12 a neighbour.
  const std::size_t user = sizeof(records::UserRow) + impl_->rows.history_length * sizeof(records::HistoryEntry) +
                           impl_->rows.dedup_length * sizeof(std::uint64_t);
  const std::size_t item = 2 * sizeof(records::ItemRow) + 3 * impl_->rows.neighbours * sizeof(records::Neighbour);
  return impl_->users.size() * user + impl_->items.size() * item +
         impl_->known->items.size() * sizeof(features::CatalogueItem);
}

std::vector<std::pair<std::string, double>> RifflePolicy::weights() const {
  std::vector<std::pair<std::string, double>> named;
  for (std::size_t i = 0; i < features::kFeatureCount; ++i)
    named.emplace_back(features::feature_specs()[i].name, impl_->trainer.weights()[i]);
  for (std::size_t i = features::kFeatureCount; i < kColumns - kOfHistory; ++i) {
    const std::size_t at = i - features::kFeatureCount;
    const auto source = static_cast<serving::CandidateSourceId>(at / kOfSource);
    static constexpr std::array<const char*, kOfSource> kParts = {" named", " score", " log", " last"};
    named.emplace_back(std::string(serving::name_of(source)) + kParts[at % kOfSource], impl_->trainer.weights()[i]);
  }
  static constexpr std::array<const char*, kOfHistory> kHistory = {"own sessions", "own share", "own last session",
                                                                   "own recency"};
  for (std::size_t i = 0; i < kOfHistory; ++i)
    named.emplace_back(kHistory[i], impl_->trainer.weights()[kColumns - kOfHistory + i]);
  return named;
}

}  // namespace riffle::evaluation
