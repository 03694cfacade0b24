// Never lost, never doubled: the real binary, killed with SIGKILL again and again while a shop goes
// on sending. Afterwards the promises of DESIGN §5 hold, and the event-made rows are those of a run
// that was never killed.
//
// RIFFLE_CRASH_SEED and RIFFLE_CRASH_RUNS choose other campaigns, as tools/crash does: by default
// four on the local bus and one on the broker that RIFFLE_KAFKA=host:port names, from seed 1, of
// five kills each.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
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

// Answers how many lists left twice.
std::size_t hold_to_its_promises(const CampaignOptions& options, const std::string& broker) {
  const Remains remains(options.seed);
  // The broker outlives the campaign; another of the same seed must not meet its topics.
  const std::string prefix =
      broker.empty() ? "riffle." : absl::StrCat("crash.", ::getpid(), ".", options.seed, ".");
  Deployment crashed(remains.path() + "/crashed", broker, prefix);
  Campaign campaign(options, crashed);
  campaign.run();
  if (testing::Test::HasFatalFailure()) return 0;

  Promises promises(crashed);
  promises.check();
  std::cout << "seed " << options.seed << ": killed after " << campaign.kills() << "; "
            << promises.republished() << " lists published again\n";

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
  return promises.republished();
}

void run_campaigns(const CampaignOptions& options, std::uint64_t runs, const std::string& broker) {
  init_log("warn");
  ASSERT_TRUE(std::filesystem::exists(std::string(RIFFLE_BINARY_DIR) + "/riffle"))
      << "build the target `riffle` first";
  const std::uint64_t first = number_from("RIFFLE_CRASH_SEED", 1);
  std::size_t republished = 0;
  for (std::uint64_t run = 0; run < runs && !testing::Test::HasFailure(); ++run) {
    CampaignOptions seeded = options;
    seeded.seed = first + run;
    SCOPED_TRACE(absl::StrCat("seed ", seeded.seed));
    republished += hold_to_its_promises(seeded, broker);
  }
  if (runs * options.kills >= 20 && !testing::Test::HasFailure()) {
    EXPECT_GT(republished, 0U)
        << "no kill came between a list and its commit: the delays of the kills no longer fit";
  }
}

TEST(Crash, KillsOnTheLocalBusLoseNothingAndDoubleNothing) {
  run_campaigns({}, number_from("RIFFLE_CRASH_RUNS", 4), "");
}

TEST(CrashKafka, KillsOnARealBrokerLoseNothingAndDoubleNothing) {
  const char* broker = std::getenv("RIFFLE_KAFKA");
  if (broker == nullptr || *broker == '\0')
    GTEST_SKIP() << "set RIFFLE_KAFKA=host:port to run this on a real broker";
  CampaignOptions options;
  options.patience = std::chrono::seconds(20);
  options.longest_start_ms = 8000;
  run_campaigns(options, number_from("RIFFLE_CRASH_RUNS", 1), broker);
}

}  // namespace
}  // namespace riffle::crash
