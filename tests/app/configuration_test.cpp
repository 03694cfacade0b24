#include "app/configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scratch.h"

namespace riffle::app {
namespace {

using riffle::testing::Scratch;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const config::Environment kEmpty = [](const std::string&) { return std::nullopt; };

TEST(Configuration, WithoutAnythingItIsTheDefaults) {
  const Configured configured = configure({}, kEmpty);
  EXPECT_THAT(configured.mistakes, IsEmpty());
  EXPECT_EQ(config::to_yaml(configured.config), config::to_yaml(config::Config()));
}

TEST(Configuration, SettingsGoOverTheFile) {
  const Scratch scratch;
  ConfigurationChoice choice;
  choice.file = scratch.write("riffle.yaml",
                              "http:\n  port: 81\n  enabled: false\nserving:\n  default_n: 5\n");
  choice.settings = {"http.port=82", "serving.sources.own=7", "policies.linear.scorer=q_table"};
  const Configured configured = configure(choice, kEmpty);
  ASSERT_THAT(configured.mistakes, IsEmpty());
  EXPECT_EQ(configured.config.http.port, 82);
  EXPECT_FALSE(configured.config.http.enabled);
  EXPECT_EQ(configured.config.serving.default_n, 5);
  EXPECT_EQ(configured.config.serving.sources.own, 7U);
  EXPECT_EQ(configured.config.policies.front().scorer, "q_table");
}

TEST(Configuration, TheLastOfTwoEqualSettingsHolds) {
  ConfigurationChoice choice;
  choice.settings = {"http.port=1", "http.port=2"};
  EXPECT_EQ(configure(choice, kEmpty).config.http.port, 2);
}

TEST(Configuration, SharesOfArmsAreSetTogether) {
  ConfigurationChoice choice;
  choice.settings = {"experiments.arms.linear=0.75", "experiments.arms.random=0.25"};
  const Configured configured = configure(choice, kEmpty);
  EXPECT_THAT(configured.mistakes, IsEmpty());
  EXPECT_EQ(configured.config.experiments.arms.size(), 2U);
}

TEST(Configuration, KafkasPropertiesHaveDotsOfTheirOwnAndKeepTheFiles) {
  const Scratch scratch;
  ConfigurationChoice choice;
  choice.file =
      scratch.write("riffle.yaml", "kafka:\n  bootstrap.servers: a:1\n  client.rack: x\n");
  choice.settings = {"kafka.client.rack=y"};
  const Configured configured = configure(choice, kEmpty);
  EXPECT_THAT(configured.mistakes, IsEmpty());
  EXPECT_EQ(configured.config.kafka.at("bootstrap.servers"), "a:1");
  EXPECT_EQ(configured.config.kafka.at("client.rack"), "y");
}

TEST(Configuration, TheBusOnTheCommandLineTakesThePlaceOfTheFiles) {
  const Scratch scratch;
  ConfigurationChoice kafka;
  kafka.file = scratch.write("local.yaml", "local:\n  directory: somewhere\n");
  kafka.kafka = "b:2";
  const Configured with_kafka = configure(kafka, kEmpty);
  EXPECT_THAT(with_kafka.mistakes, IsEmpty());
  EXPECT_EQ(with_kafka.config.kafka.at("bootstrap.servers"), "b:2");

  ConfigurationChoice local;
  local.file = scratch.write("kafka.yaml", "kafka:\n  bootstrap.servers: a:1\n");
  local.local = "here";
  const Configured with_local = configure(local, kEmpty);
  EXPECT_THAT(with_local.mistakes, IsEmpty());
  EXPECT_FALSE(with_local.config.uses_kafka());
  EXPECT_EQ(with_local.config.local.directory, "here");
}

TEST(Configuration, AWrongSettingIsNamedAsTheOptionThatItCameFrom) {
  ConfigurationChoice choice;
  choice.settings = {"http.prot=80", "epoch.interval=100", "nonsense"};
  const Configured configured = configure(choice, kEmpty);
  EXPECT_THAT(configured.mistakes,
              ::testing::UnorderedElementsAre(
                  HasSubstr("--set http.prot: unknown key; did you mean `port`?"),
                  HasSubstr("--set epoch.interval: expected a duration"),
                  HasSubstr("--set nonsense: expected key=value")));
}

TEST(Configuration, WhatIsImpossibleTogetherIsFoundAcrossFileAndSettings) {
  const Scratch scratch;
  ConfigurationChoice choice;
  choice.file =
      scratch.write("riffle.yaml", "experiments:\n  arms:\n    linear: 0.5\n    random: 0.5\n");
  choice.settings = {"experiments.arms.linear=0.9"};
  EXPECT_THAT(configure(choice, kEmpty).mistakes, ElementsAre(HasSubstr("experiments.arms")));
}

}  // namespace
}  // namespace riffle::app
