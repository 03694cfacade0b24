// A campaign: a shop's records go in, the binary is killed again and again where it hurts, and in
// the end it is let finish. The seed decides the records and the moments of the kills; what the
// machine does in between is its own, so a seed finds a fault again often, not always.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cmath>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/rng.h"
#include "deployment.h"
#include "records/json_codec.h"
#include "shop.h"
#include "topics.h"

namespace riffle::crash {

struct CampaignOptions {
  std::uint64_t seed = 1;
  std::size_t kills = 5;
  std::size_t events_a_round = 250;
  // Until something is written after a start, and how late a kill of a start may come: on Kafka the
  // group first waits for the session of the member that was killed to end.
  std::chrono::seconds patience{5};
  double longest_start_ms = 400;
};

class Campaign {
 public:
  Campaign(CampaignOptions options, Deployment& riffle)
      : options_(options),
        riffle_(riffle),
        shop_(options.seed, riffle.topics(), SystemClock().now()),
        fate_(options.seed + 77) {}

  // Fatal failures tell the test; the caller looks at HasFatalFailure().
  void run() {
    publish(*riffle_.open_bus(), shop_.catalogue());
    for (std::size_t kill = 0; kill < options_.kills; ++kill) {
      // One start in four finds nothing new: it is killed, or not, in the middle of putting things
      // right.
      std::vector<ShopRecord> records;
      if (kill == 0 || fate_.uniform() < .75) records = news();
      ASSERT_NO_FATAL_FAILURE(start_and_kill(records));
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
      ASSERT_FALSE(process->ends_within(std::chrono::milliseconds(150)))
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

  // "start 1, lists 2, outcomes 1, …": what was seen last before the kills.
  std::string kills() const {
    std::string text;
    for (std::size_t i = 0; i < kPhases.size(); ++i)
      if (landed_[i] > 0)
        absl::StrAppend(&text, text.empty() ? "" : ", ", std::string(kPhases[i]), " ", landed_[i]);
    return text;
  }

 private:
  // A kill comes so soon after the process was started, or after a topic has grown: then it was in
  // the middle of publishing lists, of an epoch's outputs, of its commit, or of a policy's version.
  static constexpr std::array<std::string_view, 5> kPhases = {"start", "lists", "outcomes",
                                                              "epochs", "policy"};

  const std::string& topic_of(std::size_t phase) const {
    const bus::TopicNames& t = riffle_.topics();
    return phase == 1   ? t.recommendations
           : phase == 2 ? t.outcomes
           : phase == 3 ? t.epochs
                        : t.policy;
  }

  // Between the two, each order of magnitude as likely as any other.
  std::chrono::microseconds log_uniform(double least_ms, double most_ms) {
    return std::chrono::microseconds(
        static_cast<std::int64_t>(1000 * least_ms * std::pow(most_ms / least_ms, fate_.uniform())));
  }

  void start_and_kill(const std::vector<ShopRecord>& records) {
    const std::size_t phase = records.empty() ? 0 : fate_.below(kPhases.size());
    const auto delay =
        phase == 0 ? log_uniform(1, options_.longest_start_ms) : log_uniform(.05, 60);
    // Kafka takes records while Riffle runs, a local bus only before.
    const std::size_t before =
        riffle_.on_kafka() ? fate_.below(records.size() + 1) : records.size();
    const auto split = records.begin() + static_cast<std::ptrdiff_t>(before);
    publish(*riffle_.open_bus(), {records.begin(), split});

    const std::uint64_t had = phase == 0 ? 0 : riffle_.written(topic_of(phase));
    const auto process = riffle_.start();
    if (split != records.end()) publish(*riffle_.open_bus(), {split, records.end()});
    bool grown = false;
    const auto deadline = std::chrono::steady_clock::now() + options_.patience;
    while (phase != 0 && !grown && std::chrono::steady_clock::now() < deadline) {
      ASSERT_FALSE(process->ends_within(std::chrono::microseconds(200)))
          << "ended by itself with " << process->wait() << ". " << process->last_words();
      grown = riffle_.written(topic_of(phase)) > had;
    }
    ASSERT_FALSE(process->ends_within(delay))
        << "ended by itself with " << process->wait() << ". " << process->last_words();
    process->kill();
    ++landed_[grown ? phase : 0];
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
  std::set<std::string> seen_;  // lists that users have had their say about
  std::array<std::size_t, kPhases.size()> landed_{};
};

}  // namespace riffle::crash
