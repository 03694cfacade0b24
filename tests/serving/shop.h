// A small shop for tests: real rows made by real events, a real catalogue and real merged statistics, all in RAM.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/hash.h"
#include "features/catalogue.h"
#include "features/event_rows.h"
#include "features/item_stats.h"
#include "serving/recommender.h"
#include "state/memory_store.h"

namespace riffle::serving {

struct ShopItem {
  std::string id;
  std::string title = {};
  std::vector<std::string> category = {};
  std::optional<double> stock = std::nullopt;
  std::int64_t published_ms = 0;
};

class Shop {
 public:
  static constexpr std::int64_t kStart = 1'760'000'000'000;

  Shop() { policy.id = PolicyId("main"); }

  void stock(const ShopItem& shelf) {
    records::Item item;
    item.item_id = ItemId(shelf.id);
    item.title = shelf.title;
    item.category = shelf.category;
    item.stock = shelf.stock;
    if (shelf.published_ms != 0) item.published_at = from_ms(shelf.published_ms);
    ASSERT_TRUE(catalogue_builder_.upsert(item, from_ms(kStart)));
  }

  // A minute after the event before.
  void event(const std::string& user, records::InteractionType type, const std::string& item) {
    records::Event event;
    event.type = type;
    event.type_name = std::string(records::name_of(type));
    event.user_id = UserId(user);
    event.item_id = ItemId(item);
    now_ms_ += 60'000;
    event.timestamp = from_ms(now_ms_);
    ASSERT_EQ(event_rows_.apply(event, from_ms(now_ms_)), features::EventRows::Result::kApplied);
  }
  void click(const std::string& user, const std::string& item) { event(user, records::InteractionType::kClick, item); }
  void view(const std::string& user, const std::string& item) { event(user, records::InteractionType::kView, item); }
  void buy(const std::string& user, const std::string& item) { event(user, records::InteractionType::kPurchase, item); }

  // Publishes what events made as this shard's statistics.
  void publish_statistics() {
    for (const ItemKey key : event_rows_.take_touched())
      publish(key, Partition(0), *items_.find(features::item_row_key(key)));
  }
  void publish(ItemKey key, Partition shard, const records::ItemRow& row) {
    stats_builder_.update(key, {.shard = shard, .generation = 1, .epoch = ++epoch_,
                                .row = std::make_shared<const records::ItemRow>(row)});
  }

  // An epoch of the items' rows, without a statistic told: what is edited afterwards is another copy of a row.
  void commit_items() {
    state::WriteBatch batch;
    items_.freeze().append_to(batch);
    ASSERT_TRUE(store_.write(batch, true).ok());
  }
  void items_committed() {
    items_.committed();
    items_.trim();
  }

  ServingContext context(const std::string& user) {
    catalogue_ = catalogue_builder_.snapshot();
    stats_ = stats_builder_.snapshot();
    ServingContext context;
    context.shard = Partition(0);
    context.user = user_row(user);
    context.items = &items_;
    context.stats = stats_.get();
    context.catalogue = catalogue_.get();
    context.policy = &version;
    context.options = &policy;
    context.now = from_ms(now_ms_);
    context.origin = "requests/0/7";
    return context;
  }

  // The items whose rows are ahead of what was published.
  features::FreshItems fresh_items() const { return features::FreshItems(&event_rows_); }

  const records::UserRow* user_row(const std::string& user) { return users_.find(user); }
  records::ItemRow* row(const std::string& item) { return items_.edit(features::item_row_key(item_key(item))); }
  TimePoint now() const { return from_ms(now_ms_); }

  features::RowOptions rows;
  PolicyOptions policy;
  learner::PolicyVersion version;

 private:
  state::MemoryStore store_;
  state::RowCache<records::UserRow> users_{&store_, state::Column::kUsers, 10000};
  state::RowCache<records::ItemRow> items_{&store_, state::Column::kItems, 10000};
  features::EventRows event_rows_{rows, &users_, &items_};
  features::CatalogueBuilder catalogue_builder_;
  features::ItemStatsBuilder stats_builder_{rows};
  std::shared_ptr<const features::Catalogue> catalogue_;
  std::shared_ptr<const features::ItemStatsSnapshot> stats_;
  std::int64_t now_ms_ = kStart;
  std::uint64_t epoch_ = 0;
};

inline records::Request request_of(const std::string& user, int n) {
  records::Request request;
  request.request_id = RequestId("r1");
  request.user_id = UserId(user);
  request.surface = "home";
  request.n = n;
  return request;
}

}  // namespace riffle::serving
