// Never lost, never doubled: the real binary, killed with SIGKILL again and again while a shop goes
// on sending. Afterwards the promises of DESIGN §5 hold, and the event-made rows are those of a run
// that was never killed.
//
// RIFFLE_CRASH_SEED and RIFFLE_CRASH_RUNS choose other campaigns, as tools/crash does: by default
// ten on the local bus, two with power cuts, two with an encoder, and two on the broker that
// RIFFLE_KAFKA=host:port names, from seed 1, of five kills each.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <initializer_list>
#include <iostream>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "campaign.h"
#include "promises.h"

namespace riffle::crash {
namespace {

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  std::uint64_t number = otherwise;
  if (text != nullptr && *text != '\0' && !absl::SimpleAtoi(text, &number)) {
    ADD_FAILURE() << variable << " is not a number: " << text;
  }
  return number;
}

// What a campaign leaves, kept where something failed in it.
class Remains {
 public:
  explicit Remains(std::uint64_t seed)
      : path_(absl::StrCat(testing::TempDir(), "riffle-crash-", ::getpid(), "-", seed)) {
    std::filesystem::remove_all(path_);
  }
  ~Remains() {
    std::error_code ignored;
    if (testing::Test::HasFailure()) {
      std::cerr << "kept for a look: " << path_ << '\n';
    } else {
      std::filesystem::remove_all(path_, ignored);
    }
  }
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

// What campaigns saw, together.
struct Tally {
  Kills kills;
  std::size_t republished = 0;
  std::uint64_t bytes_lost = 0;

  std::string text() const {
    std::string all;
    for (const auto& [place, times] : kills)
      absl::StrAppend(&all, all.empty() ? "" : ", ", place, " ", times);
    return all;
  }
};

void hold_to_its_promises(const CampaignOptions& options, const std::string& broker, Tally& tally) {
  const Remains remains(options.seed);
  // The broker outlives the campaign; another of the same seed must not meet its topics.
  const std::string prefix =
      broker.empty() ? "riffle." : absl::StrCat("crash.", ::getpid(), ".", options.seed, ".");
  Deployment crashed(remains.path() + "/crashed", broker, prefix, options.encoder);
  Campaign campaign(options, crashed);
  campaign.run();
  if (testing::Test::HasFatalFailure()) return;

  Promises promises(crashed, options.power_cuts, options.encoder);
  promises.check();
  const Tally one{campaign.kills(), promises.republished(), campaign.bytes_lost()};
  std::cout << "seed " << options.seed << ": killed at " << one.text() << "; " << one.republished
            << " lists published again";
  if (options.power_cuts)
    std::cout << ", " << one.bytes_lost << " bytes and " << promises.lost_decisions() << " decisions lost";
  std::cout << std::endl;
  for (const auto& [place, times] : one.kills) tally.kills[place] += times;
  tally.republished += one.republished;
  tally.bytes_lost += one.bytes_lost;

  Deployment straight(remains.path() + "/straight", "", "riffle.");
  {
    const auto from = crashed.open_bus(), to = straight.open_bus();
    const bus::TopicNames &a = crashed.topics(), &b = straight.topics();
    for (const auto& [topic, as] : {std::pair{a.items, b.items},
                                    {a.users, b.users},
                                    {a.events, b.events},
                                    {a.requests, b.requests}})
      copy_topic(*from, *to, topic, as);
  }
  Campaign::finish(straight, false);
  if (!testing::Test::HasFatalFailure()) check_rows(crashed, straight);
}

Tally run_campaigns(const CampaignOptions& options, std::uint64_t runs, const std::string& broker) {
  init_log("warn");
  Tally tally;
  EXPECT_TRUE(std::filesystem::exists(std::string(RIFFLE_BINARY_DIR) + "/riffle"))
      << "build the target `riffle` first";
  const std::uint64_t first = number_from("RIFFLE_CRASH_SEED", 1);
  for (std::uint64_t run = 0; run < runs && !testing::Test::HasFailure(); ++run) {
    CampaignOptions seeded = options;
    seeded.seed = first + run;
    SCOPED_TRACE(absl::StrCat("seed ", seeded.seed));
    hold_to_its_promises(seeded, broker, tally);
  }
  return tally;
}

// A campaign that misses what it aims at proves nothing.
void expect_hits(const Tally& tally, std::initializer_list<const char*> places) {
  if (testing::Test::HasFailure()) return;
  for (const char* place : places)
    EXPECT_TRUE(tally.kills.contains(place)) << "no kill at " << place << ": " << tally.text();
}

bool default_campaign() { return std::getenv("RIFFLE_CRASH_RUNS") == nullptr; }

TEST(Crash, FiftyKillsOnTheLocalBusLoseNothingAndDoubleNothing) {
  const Tally tally = run_campaigns({}, number_from("RIFFLE_CRASH_RUNS", 10), "");
  if (default_campaign()) {
    expect_hits(tally, {"apply", "journaled", "outputs", "published", "commit", "policy", "open",
                        "restore", "clock"});
    EXPECT_GT(tally.republished, 0U) << "no kill came between a list and its commit";
  }
}

TEST(CrashPower, TenPowerLossesLoseNothingThatWasSyncedAndJoinNoRewardWrongly) {
  CampaignOptions options;
  options.power_cuts = true;
  const Tally tally = run_campaigns(options, number_from("RIFFLE_CRASH_RUNS", 2), "");
  if (default_campaign() && !HasFailure()) {
    EXPECT_GT(tally.bytes_lost, 0U) << "nothing was cut";
  }
}

TEST(CrashEncoder, TenKillsOfAWorkerWhoseEncoderLearnsLoseNoInteractionAndDoubleNone) {
#ifndef RIFFLE_NETWORK
  GTEST_SKIP() << "built without the network module (RIFFLE_NETWORK=OFF)";
#endif
  CampaignOptions options;
  options.encoder = true;
  options.patience = std::chrono::seconds(6);  // LibTorch is loaded first
  options.longest_start_ms = 2000;
  const Tally tally = run_campaigns(options, number_from("RIFFLE_CRASH_RUNS", 2), "");
  if (default_campaign()) expect_hits(tally, {"policy"});
}

TEST(CrashKafka, TenKillsOnARealBrokerLoseNothingAndDoubleNothing) {
  const char* broker = std::getenv("RIFFLE_KAFKA");
  if (broker == nullptr || *broker == '\0')
    GTEST_SKIP() << "set RIFFLE_KAFKA=host:port to run this on a real broker";
  CampaignOptions options;
  options.patience = std::chrono::seconds(6);
  options.longest_start_ms = 4000;
  const Tally tally = run_campaigns(options, number_from("RIFFLE_CRASH_RUNS", 2), broker);
  if (default_campaign()) expect_hits(tally, {"survivor", "commit"});
}

}  // namespace
}  // namespace riffle::crash
