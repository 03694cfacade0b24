#include "bench/world.h"

#include <algorithm>

#include "base/check.h"
#include "base/hash.h"
#include "base/rng.h"
#include "learner/linear.h"
#include "pipeline/shard.h"

namespace riffle::bench {
namespace {

constexpr TimePoint kStart = from_ms(1'760'000'000'000);

// The other shards' rows, from which only their statistics are wanted.
struct OtherShard {
  explicit OtherShard(const features::RowOptions& rows) : event_rows(rows, &users, &items) {}
  state::MemoryStore store;
  state::RowCache<records::UserRow> users{&store, state::Column::kUsers, 1'000'000};
  state::RowCache<records::ItemRow> items{&store, state::Column::kItems, 1'000'000};
  features::EventRows event_rows;
};

// As a shard publishes them: the heaviest of an item's neighbours only.
void keep_published(std::vector<records::Neighbour>& list) {
  const std::size_t most = pipeline::ShardOptions().stats_neighbours;
  if (list.size() <= most) return;
  std::nth_element(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(most), list.end(),
                   [](const auto& a, const auto& b) { return a.weight > b.weight; });
  list.resize(most);
}

void publish(features::EventRows& event_rows, state::RowCache<records::ItemRow>& items, Partition shard,
             features::ItemStatsBuilder& builder) {
  for (const ItemKey key : event_rows.take_touched()) {
    auto row = std::make_shared<records::ItemRow>(*items.find(features::item_row_key(key)));
    keep_published(row->together);
    keep_published(row->next);
    builder.update(key, {.shard = shard, .generation = 1, .epoch = 1, .row = std::move(row)});
  }
}

}  // namespace

World& World::shared() {
  static World world;
  return world;
}

World::World() {
  app::bench::Workload workload({}, kStart);
  policy.id = PolicyId("linear");
  version.policy_id = policy.id;
  version.version = 1;
  version.slots_learned = 10'000;
  learner::LinearWeights weights;
  Rng rng(1);
  for (double& weight : weights) weight = .1 * rng.normal();
  version.scorer = std::make_shared<learner::LinearScorer>(weights);
  stock(workload);
  apply(workload);
}

void World::stock(const app::bench::Workload& workload) {
  features::CatalogueBuilder builder;
  records::JsonDecoder decoder{records::Limits()};
  records::Item item;
  for (std::size_t i = 0; i < workload.options().items; ++i) {
    RIFFLE_CHECK(!decoder.decode(workload.item(i).value, item));
    builder.upsert(item, kStart);
  }
  catalogue = builder.snapshot();
}

void World::apply(app::bench::Workload& workload) {
  records::JsonDecoder decoder{records::Limits()};
  records::Event event;
  std::vector<std::unique_ptr<OtherShard>> others;
  for (std::size_t s = 1; s < kShards; ++s) others.push_back(std::make_unique<OtherShard>(rows));
  for (std::size_t i = 0; i < kEvents; ++i) {
    const app::bench::KeyedRecord& record = workload.next_event();
    if (decoder.decode(record.value, event)) continue;
    now_ = std::max(now_, *event.timestamp);
    const auto shard = static_cast<std::size_t>(murmur2_partition(record.key, kShards).value());
    if (shard != 0) {
      others[shard - 1]->event_rows.apply(event, *event.timestamp);
      continue;
    }
    event_rows.apply(event, *event.timestamp);
    event_texts_.push_back(record.value);
    events_.push_back(event);
    users_.push_back(record.key);
  }
  features::ItemStatsBuilder builder(rows);
  publish(event_rows, items, Partition(0), builder);
  for (std::size_t s = 1; s < kShards; ++s)
    publish(others[s - 1]->event_rows, others[s - 1]->items, Partition(static_cast<std::int32_t>(s)), builder);
  stats = builder.snapshot();
}

serving::ServingContext World::context(const std::string& user) {
  serving::ServingContext context;
  context.shard = Partition(0);
  context.user = users.find(user);
  context.items = &items;
  context.fresh = &fresh;
  context.stats = stats.get();
  context.catalogue = catalogue.get();
  context.policy = &version;
  context.options = &policy;
  context.now = now_;
  context.origin = "riffle.requests/0/7";
  return context;
}

}  // namespace riffle::bench
