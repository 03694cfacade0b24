// A campaign: a shop's records go in, the binary is killed again and again where it hurts, and in
// the end it is let finish. The seed decides the records and the moments of the kills; what the
// machine does in between is its own, so a seed finds a fault again often, not always.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/rng.h"
#include "deployment.h"
#include "power_cut.h"
#include "records/json_codec.h"
#include "shop.h"
#include "topics.h"

namespace riffle::crash {

struct CampaignOptions {
  std::uint64_t seed = 1;
  std::size_t kills = 5;
  std::size_t events_a_round = 250;
  bool power_cuts = false;  // each kill is a power cut; on a local bus only
  bool encoder = false;     // one learns, and every second kill is while a version is sent
  // How long a process may take to come to the place where it is to be killed, and how late a kill
  // by the clock may come: on Kafka the group first waits for the session of the member that was
  // killed to end.
  Milliseconds patience{1500};
  double longest_start_ms = 400;
};

// Where processes were killed, and how often. "after …": the place was not come to in time.
using Kills = std::map<std::string, std::size_t>;

class Campaign {
 public:
  Campaign(CampaignOptions options, Deployment& riffle)
      : options_(options),
        riffle_(riffle),
        shop_(options.seed, riffle.topics(), SystemClock().now()),
        fate_(options.seed + 77) {
    if (options_.power_cuts)
      power_.emplace(riffle.written_directories(), riffle.directory() + "/synced");
  }

  // Fatal failures tell the test; the caller looks at HasFatalFailure().
  void run() {
    publish(*riffle_.open_bus(), shop_.catalogue());
    for (std::size_t kill = 0; kill < options_.kills; ++kill) {
      if (kill == options_.kills / 2) shop_.drift();
      // One start in four finds nothing new: it is killed, or not, in the middle of putting things
      // right.
      std::vector<ShopRecord> records;
      if (kill == 0 || fate_.uniform() < .75) records = news();
      // The last one on a broker always has a second worker.
      const bool rebalance = riffle_.on_kafka() && (kill + 1 == options_.kills || fate_.uniform() < .2);
      // So few kills as a broker's campaign has might all miss it: lists that left, and are not committed.
      const bool aimed = riffle_.on_kafka() && kill == 0;
      ASSERT_NO_FATAL_FAILURE(aimed ? kill_before_a_commit(records) : start_and_kill(records, rebalance));
    }
    publish(*riffle_.open_bus(), news());
    ASSERT_NO_FATAL_FAILURE(finish(riffle_, false));
    std::vector<ShopRecord> last = answers();
    for (ShopRecord& record : shop_.weeks_later()) last.push_back(std::move(record));
    publish(*riffle_.open_bus(), last);
    ASSERT_NO_FATAL_FAILURE(finish(riffle_, true));
  }

  // Lets a Riffle read everything and stop in peace.
  static void finish(Deployment& riffle, bool windows) {
    const Ends ends = riffle.ends();
    const auto process = riffle.start();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!riffle.committed(ends, windows)) {
      ASSERT_FALSE(process->ends_within(std::chrono::milliseconds(50)))
          << "ended by itself with " << process->wait() << ". " << process->last_words();
      ASSERT_LT(std::chrono::steady_clock::now(), deadline)
          << "not everything is applied" << (windows ? " and closed" : "") << " within a minute. "
          << process->last_words();
    }
    process->terminate();
    ASSERT_TRUE(process->ends_within(std::chrono::seconds(30)))
        << "does not stop on SIGTERM. " << process->last_words();
    ASSERT_EQ(process->wait(), 0) << process->last_words();
  }

  const Kills& kills() const { return kills_; }
  std::uint64_t bytes_lost() const { return bytes_lost_; }  // to power cuts

 private:
  // A place of base/kill_point.h, and how often a short run comes there.
  struct Place {
    const char* name;
    std::uint64_t passes;
  };
  static constexpr Place kPlaces[] = {{"open", 2},       {"restore", 1},   {"apply", 4},
                                      {"journaled", 12}, {"outputs", 40},  {"published", 4},
                                      {"commit", 4},     {"policy", 6}};
  static constexpr std::size_t kPlacesOfAStart = 2;  // the first ones: they need no news
  static constexpr Place kOfAVersion{"policy", 40};  // an encoder's has some dozens of records

  // Between the two, each order of magnitude as likely as any other.
  std::chrono::microseconds log_uniform(double least_ms, double most_ms) {
    return std::chrono::microseconds(
        static_cast<std::int64_t>(1000 * least_ms * std::pow(most_ms / least_ms, fate_.uniform())));
  }

  // At the place, or so soon after it that what follows is under way.
  std::string kill_at(std::string_view name, std::uint64_t passes) {
    std::string setting = absl::StrCat("RIFFLE_KILL_AT=", std::string(name), ":", 1 + fate_.below(passes));
    if (fate_.uniform() < .5) absl::StrAppend(&setting, ":", log_uniform(.01, 10).count());
    return setting;
  }

  std::vector<std::string> environment(std::vector<std::string> settings) const {
    if (power_)
      for (std::string& variable : power_->environment()) settings.push_back(std::move(variable));
    return settings;
  }

  // A first start answers what waits for it; its second epoch or so has lists.
  void kill_before_a_commit(const std::vector<ShopRecord>& records) {
    publish(*riffle_.open_bus(), records);
    const auto process = riffle_.start(environment({absl::StrCat("RIFFLE_KILL_AT=commit:", 1 + fate_.below(3))}));
    ASSERT_NO_FATAL_FAILURE(await_kill(*process, "commit"));
  }

  void start_and_kill(const std::vector<ShopRecord>& records, bool rebalance) {
    // Kafka takes records while Riffle runs, a local bus only before.
    const std::size_t before =
        riffle_.on_kafka() ? fate_.below(records.size() + 1) : records.size();
    const auto split = records.begin() + static_cast<std::ptrdiff_t>(before);
    publish(*riffle_.open_bus(), {records.begin(), split});
    if (power_) power_->begin();
    const auto rest = [&] {
      if (split != records.end()) publish(*riffle_.open_bus(), {split, records.end()});
    };
    if (rebalance) {
      ASSERT_NO_FATAL_FAILURE(kill_in_a_rebalance(rest));
    } else if (fate_.uniform() < .2) {
      const auto process = riffle_.start(environment({}));
      rest();
      ASSERT_NO_FATAL_FAILURE(kill_after(*process, log_uniform(1, options_.longest_start_ms), "clock"));
    } else {
      const bool version = options_.encoder && !records.empty() && fate_.uniform() < .5;
      const Place& place =
          version ? kOfAVersion : kPlaces[fate_.below(records.empty() ? kPlacesOfAStart : std::size(kPlaces))];
      const auto process = riffle_.start(environment({kill_at(place.name, place.passes)}));
      rest();
      ASSERT_NO_FATAL_FAILURE(await_kill(*process, place.name));
    }
    if (power_) bytes_lost_ += power_->cut(fate_);
  }

  void kill_after(KillableProcess& process, std::chrono::microseconds delay, const std::string& name) {
    ASSERT_FALSE(process.ends_within(delay))
        << "ended by itself with " << process.wait() << ". " << process.last_words();
    process.kill();
    ++kills_[name];
  }

  void await_kill(KillableProcess& process, const std::string& name) {
    if (!process.ends_within(options_.patience))
      return kill_after(process, log_uniform(.1, 10), absl::StrCat("after ", name));
    ASSERT_EQ(process.wait(), 128 + SIGKILL) << "ended by itself. " << process.last_words();
    ++kills_[name];
  }

  // A second worker of this host comes; the first is killed while it gives its shards back, or the second while it gets
  // its share. The other one goes on, and is killed when its time has come.
  template <class Rest>
  void kill_in_a_rebalance(const Rest& rest) {
    const bool revoked = fate_.uniform() < .5;
    const std::string place = kill_at(revoked ? "revoked" : "assigned", 1);
    const auto first = riffle_.start(revoked ? std::vector{place} : std::vector<std::string>(), "first");
    const auto deadline = std::chrono::steady_clock::now() + 2 * options_.patience;
    while (!first->said("shards are assigned to this worker") && std::chrono::steady_clock::now() < deadline) {
      ASSERT_FALSE(first->ends_within(std::chrono::milliseconds(5))) << first->last_words();
    }
    const auto second = riffle_.start(revoked ? std::vector<std::string>() : std::vector{place}, "second");
    rest();
    KillableProcess &killed = revoked ? *first : *second, &other = revoked ? *second : *first;
    ASSERT_NO_FATAL_FAILURE(await_kill(killed, revoked ? "revoked" : "assigned"));
    ASSERT_NO_FATAL_FAILURE(kill_after(other, log_uniform(1, options_.longest_start_ms), "survivor"));
  }

  // The next records of the shop, and what users did with the lists that they have seen since.
  std::vector<ShopRecord> news() {
    std::vector<ShopRecord> records = answers();
    for (ShopRecord& record : shop_.day(options_.events_a_round))
      records.push_back(std::move(record));
    return records;
  }

  std::vector<ShopRecord> answers() {
    std::vector<ShopRecord> records;
    for (const Read& read : read_topic(*riffle_.open_bus(), riffle_.topics().recommendations)) {
      const auto list = records::decode_recommendation(read.value.value_or(""));
      if (list.ok() && seen_.insert(list->recommendation_id.str()).second)
        shop_.answer(*list, records);
    }
    return records;
  }

  const CampaignOptions options_;
  Deployment& riffle_;
  Shop shop_;
  Rng fate_;
  std::optional<PowerCut> power_;
  std::set<std::string> seen_;  // lists that users have had their say about
  Kills kills_;
  std::uint64_t bytes_lost_ = 0;
};

}  // namespace riffle::crash
