// The users of a World (simulation/world.h) as records: requests, impressions, clicks, purchases, and items as they appear.
// What they earn is counted a user, without the bots. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "records/event.h"
#include "simulation/population.h"
#include "simulation/world.h"

namespace riffle::simulation {

class Customers final : public Population {
 public:
  // `options` must be valid.
  Customers(const WorldOptions& options, TimePoint start);

  const Shop& shop() const override { return world_.shop(); }
  std::vector<records::Item> opening() const override;
  std::optional<Step> next() override;
  Visit on_list(const records::Recommendation& list) override;
  double fraction() const override;
  const Counts& counts() const override { return counts_; }
  std::vector<std::pair<ItemId, double>> oracle(const UserId& user, std::size_t n) const override;

  const World& world() const { return world_; }
  std::optional<std::uint32_t> find(const UserId& user) const;

 private:
  struct Shown {                 // what the events of a visit say again
    RecommendationId list;
    std::uint32_t session = 0;
  };

  records::Request ask(const World::Due& due);
  void emit(std::uint32_t user, records::Event& event, std::vector<EventRecord>& events);

  World world_;
  std::vector<UserId> ids_;
  std::vector<std::uint64_t> events_of_;
  std::vector<bool> waiting_;
  std::vector<Rng> luck_;        // of a user's events on their way, apart from what he does
  // By user and visit: lists that something was taken from, of which a purchase may come.
  absl::flat_hash_map<std::uint64_t, Shown> taken_from_;
  Counts counts_;
};

}  // namespace riffle::simulation
