// The live encoder of users' histories end to end on the local bus: it learns from `events` in the worker, its versions come over
// `policy`, lists name what it found and say so, a restart goes on where it was, and the log replays.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "app/metric_text.h"
#include "records/json_codec.h"
#include "tests/support/command.h"
#include "tests/support/running_system.h"

namespace riffle {
namespace {

using riffle::testing::await;
using riffle::testing::riffle;
using riffle::testing::RunningSystem;
using riffle::testing::Seen;
using ::testing::HasSubstr;

// Among an item's reasons where the encoder named it; `source` has the first only of those that did, which depends on what is drawn.
constexpr char kNamed[] = R"("code":"fits_history")";

class LiveEncoderTest : public ::testing::Test {
 protected:
  void SetUp() override {
#ifndef RIFFLE_NETWORK
    GTEST_SKIP() << "built without the network module (RIFFLE_NETWORK=OFF)";
#endif
    system_.config.learner.sequence.encoder = "mean";
    system_.config.learner.sequence.width = 8;
    system_.config.learner.sequence.publish_interval = std::chrono::seconds(1);
    system_.config.learner.network.device = "cpu";
    system_.open_bus();
    system_.start_and_await_ready();
  }

  double metric(const std::string& name) { return app::metric_sum(system_.service->metrics_page(), name); }
  void click(int number) {
    const std::string user = absl::StrCat("u", number % 6);
    system_.publish(system_.topics().events, user,
                    absl::StrCat(R"({"event":"interaction","type":"click","event_id":"e)", number, R"(","timestamp":)",
                                 1'700'000'000'000 + number * 1000, R"(,"user_id":")", user, R"(","item_id":"i)", number % 20, "\"}"));
  }
  bool served(double version) {
    return await([&] { return metric("riffle_policy_version{policy=\"encoder\"}") >= version; });
  }
  std::string list_of(const std::string& request_id) {
    const std::size_t before = lists_;
    system_.publish(system_.topics().requests, "u1",
                    absl::StrCat(R"({"event":"request","request_id":")", request_id, R"(","user_id":"u1"})"));
    const auto lists = system_.await_records(system_.topics().recommendations, before + 1);
    lists_ = lists.size();
    return lists.empty() ? "" : lists.back().value;
  }

  RunningSystem system_;
  std::size_t lists_ = 0;
};

TEST_F(LiveEncoderTest, LearnsServesRestartsAndReplays) {
  for (int number = 0; number < 60; ++number) click(number);
  ASSERT_TRUE(served(1));
  ASSERT_TRUE(await([&] { return metric("riffle_encoder_events_total{result=\"learned\"}") == 60; }));
  const std::string list = list_of("r1");
  EXPECT_THAT(list, HasSubstr(kNamed));
  EXPECT_THAT(list, HasSubstr(R"("policy/encoder":)"));

  system_.stop();  // what was learned since the last version is published
  system_.start_and_await_ready();
  const double version = metric("riffle_policy_version{policy=\"encoder\"}");
  EXPECT_GE(version, 1) << "served from the start";
  for (int number = 60; number < 80; ++number) click(number);
  ASSERT_TRUE(served(version + 1));
  EXPECT_TRUE(await([&] { return metric("riffle_encoder_events_total{result=\"learned\"}") >= 80; }));
  EXPECT_EQ(metric("riffle_encoder_events_total{result=\"learned\"}"), 80) << "none of the first sixty again";
  EXPECT_EQ(metric("riffle_encoder_events_total{result=\"duplicate\"}"), 0);
  EXPECT_THAT(list_of("r2"), HasSubstr(kNamed));

  system_.close();
  const auto verified = riffle({"replay", "--local", system_.config.local.directory, "--verify", system_.config.state.directory});
  EXPECT_EQ(verified.code, 0) << verified.out << verified.err;
}

}  // namespace
}  // namespace riffle
