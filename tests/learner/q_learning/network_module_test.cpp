#include "learner/network_module.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "learner/trainer.h"

namespace riffle::learner {
namespace {

using ::testing::HasSubstr;

TEST(NetworkModule, AMissingOneIsSaidWithThePlacesAndTheRemedy) {
  const auto status = load_network_module("/nowhere/libriffle_network.so").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("/nowhere/libriffle_network.so"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("learner.network.module"));
  LearnerOptions options;
  options.network.module = "/nowhere/libriffle_network.so";
  EXPECT_EQ(make_trainer("dqn", options).status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(make_scorer("dqn", "", options).ok());  // serving needs none
}

TEST(NetworkModule, WhatIsNoLibraryDoesNotLoad) {
  const auto file = std::filesystem::temp_directory_path() / ("riffle-no-module-" + std::to_string(getpid()) + ".so");
  std::ofstream(file) << "not a library";
  EXPECT_EQ(load_network_module(file).status().code(), absl::StatusCode::kNotFound);
  std::filesystem::remove(file);
}

TEST(NetworkModule, OneOfAnotherVersionIsRefused) {
  const auto status = load_network_module(RIFFLE_FOREIGN_MODULE).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("version"));
}

TEST(NetworkModule, ALibraryThatIsNoModuleIsRefused) {
  const auto status = load_network_module(RIFFLE_NO_MODULE).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("not a network module"));
}

}  // namespace
}  // namespace riffle::learner
