#include "app/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "tests/support/command.h"
#include "tests/support/process.h"
#include "tests/support/scratch.h"

namespace riffle::app {
namespace {

using riffle::testing::riffle;
using riffle::testing::Scratch;
using ::testing::HasSubstr;

TEST(CommandLine, HelpHasEveryCommandAndEveryExitCode) {
  const auto result = riffle({"--help"});
  EXPECT_EQ(result.code, 0);
  for (const char* word : {"run", "simulate", "topics", "import", "publish", "watch", "get", "ope", "check-config"})
    EXPECT_THAT(result.out, HasSubstr(std::string("\n  ") + word + " "));
  for (int code = 0; code <= 9; ++code)
    EXPECT_THAT(result.out, HasSubstr("\n  " + std::to_string(code) + "  "));
  EXPECT_EQ(result.err, "");
}

TEST(CommandLine, VersionIsThatOfTheBuild) {
  const std::string cmake = riffle::testing::read_whole(RIFFLE_SOURCE_DIR "/CMakeLists.txt");
  std::smatch version;
  ASSERT_TRUE(
      std::regex_search(cmake, version, std::regex(R"(project\(riffle VERSION ([0-9.]+))")));
  EXPECT_EQ(riffle({"--version"}).out, "riffle " + version[1].str() + "\n");
}

TEST(CommandLine, NoCommandIsWrongUsage) { EXPECT_EQ(riffle({}).code, 2); }

TEST(CommandLine, AnUnknownCommandIsToldWhichOneWasMeant) {
  const auto result = riffle({"topcis", "list"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("did you mean `topics`?"));
}

TEST(CommandLine, AnUnknownOptionIsWrongUsage) {
  const auto result = riffle({"run", "--kakfa", "localhost:9092"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("--kakfa"));
}

TEST(CommandLine, KafkaAndALocalBusExcludeEachOther) {
  EXPECT_EQ(riffle({"topics", "list", "--kafka", "localhost:1", "--local", "bus"}).code, 2);
}

TEST(CommandLine, ADurationNeedsItsUnit) {
  const auto result = riffle({"watch", "events", "--timeout", "10"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("as 100ms, 30s"));
}

TEST(CommandLine, OnlyInputTopicsArePublishedToByHand) {
  EXPECT_EQ(riffle({"publish", "recommendations", "{}"}).code, 2);
}

TEST(CheckConfig, SaysEveryMistakeWithItsPlaceAndEndsWithTwo) {
  const Scratch scratch;
  const std::string file =
      scratch.write("riffle.yaml", "http:\n  prot: 80\nepoch:\n  interval: 100\n");
  const auto result = riffle({"check-config", file});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.out, HasSubstr(file + ":2:3: http.prot: unknown key; did you mean `port`?\n"));
  EXPECT_THAT(result.out, HasSubstr(file + ":4:13: epoch.interval: expected a duration"));
}

TEST(CheckConfig, IsJsonForAProgram) {
  const Scratch scratch;
  const std::string file = scratch.write("riffle.yaml", "log_level: loud\n");
  EXPECT_THAT(riffle({"check-config", file, "--format", "json"}).out,
              HasSubstr(R"({"ok":false,"mistakes":[")"));
}

TEST(CheckConfig, SaysOkOfTheDefaults) {
  const auto result = riffle({"check-config", RIFFLE_SOURCE_DIR "/config/default.yaml"});
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.out, HasSubstr("ok"));
}

TEST(CheckConfig, AFileThatIsNotThereIsAMistake) {
  const auto result = riffle({"check-config", "no/such/file.yaml"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.out, HasSubstr("no/such/file.yaml"));
}

TEST(CommandLine, AMistakeOfTheConfigurationStopsEveryCommandBeforeItBegins) {
  const Scratch scratch;
  const std::string file = scratch.write("riffle.yaml", "http:\n  prot: 80\n");
  for (const auto& command : std::vector<std::vector<std::string>>{{"run"},
                                                                   {"topics", "list"},
                                                                   {"watch", "events"},
                                                                   {"publish", "events", "{}"},
                                                                   {"get", "user", "u1"}}) {
    auto arguments = command;
    arguments.insert(arguments.end(), {"--config", file});
    const auto result = riffle(arguments);
    EXPECT_EQ(result.code, 2) << command.front();
    EXPECT_THAT(result.err, HasSubstr("http.prot")) << command.front();
  }
}

}  // namespace
}  // namespace riffle::app
