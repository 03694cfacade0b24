#include "architecture/include_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "architecture/temporary_tree.h"

namespace riffle::architecture {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(IncludeGraph, TheSourcesIncludeOnlyWhatTheDesignAllows) {
  const std::filesystem::path root = RIFFLE_SOURCE_DIR;
  ASSERT_TRUE(std::filesystem::is_regular_file(root / "base/published.h"));
  EXPECT_THAT(breaches(root), IsEmpty());
}

TEST(IncludeGraph, EveryTopFolderWithSourcesHasALineInTheTable) {
  const Names others = {"tests", "bench", "docs", "tools", "build", "cmake"};
  for (const auto& entry : std::filesystem::directory_iterator(RIFFLE_SOURCE_DIR)) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_directory() || name.starts_with(".") || others.contains(name)) {
      continue;
    }
    for (const auto& file : std::filesystem::recursive_directory_iterator(entry)) {
      const bool source = file.path().extension() == ".cpp" || file.path().extension() == ".h";
      EXPECT_TRUE(!source || allowed_modules().contains(name)) << file.path();
    }
  }
}

TEST(IncludeGraph, WhatAModuleMayIncludeMayNotIncludeItBack) {
  for (const auto& [folder, may_include] : allowed_modules()) {
    for (const std::string& other : may_include) {
      EXPECT_FALSE(allowed_modules().at(other).contains(folder)) << folder << " and " << other;
    }
  }
}

TEST(IncludeGraph, AForbiddenModuleIsReportedWithFileAndLine) {
  const TemporaryTree tree;
  tree.write("base/clock.h", "#pragma once\n#include <chrono>\n");
  tree.write("bus/kafka_bus.cpp",
             "#include \"bus/bus.h\"\n#include \"base/clock.h\"\n\n#include \"records/event.h\"\n");
  tree.write("learner/trainers/linear.h", "  #  include \"state/store.h\"\n");
  EXPECT_THAT(
      breaches(tree.root()),
      ElementsAre("bus/kafka_bus.cpp:4: records/event.h: bus/ may not include records/",
                  "learner/trainers/linear.h:1: state/store.h: learner/ may not include state/"));
}

TEST(IncludeGraph, ALibraryOutsideOfItsOwnerIsReported) {
  const TemporaryTree tree;
  tree.write("state/rocks_store.cpp", "#include <rocksdb/db.h>\n#include <spdlog/spdlog.h>\n");
  tree.write("features/rows.cpp",
             "#include <rocksdb/slice.h>\n#include <vector>\n#include <google/protobuf/arena.h>\n");
  EXPECT_THAT(breaches(tree.root()),
              ElementsAre(HasSubstr("features/rows.cpp:1: rocksdb/slice.h: only state/"),
                          HasSubstr("features/rows.cpp:3: google/protobuf/arena.h: only records/"),
                          HasSubstr("state/rocks_store.cpp:2: spdlog/spdlog.h: only base/")));
}

TEST(IncludeGraph, LibTorchOutsideOfTheNetworkModuleAndTheRestOfRiffleInsideAreReported) {
  const TemporaryTree tree;
  tree.write("learner/dqn.cpp", "#include <torch/torch.h>\n#include <Eigen/Core>\n");
  tree.write("learner/network/q_network.cpp",
             "#include <ATen/ATen.h>\n#include \"learner/network/shape.h\"\n#include \"base/log.h\"\n");
  tree.write("serving/score.cpp", "#include <ATen/ATen.h>\n");
  EXPECT_THAT(breaches(tree.root()),
              ElementsAre(HasSubstr("learner/dqn.cpp:1: torch/torch.h: only learner/network/"),
                          HasSubstr("learner/network/q_network.cpp:3: base/log.h: learner/network/ is built apart"),
                          HasSubstr("serving/score.cpp:1: ATen/ATen.h: only learner/")));
}

TEST(IncludeGraph, AnIncludeThatDoesNotGoFromTheRootIsReported) {
  const TemporaryTree tree;
  tree.write("bus/local_bus.cpp", "#include \"local_bus.h\"\n");
  EXPECT_THAT(breaches(tree.root()), ElementsAre(HasSubstr("\"bus/local_bus.h\"")));
}

TEST(IncludeGraph, ConfigMaySeeOnlyTheOptionsOfAModule) {
  const TemporaryTree tree;
  tree.write("config/load.cpp",
             "#include \"base/errors.h\"\n#include \"serving/options.h\"\n#include "
             "\"serving/recommender.h\"\n");
  EXPECT_THAT(breaches(tree.root()),
              ElementsAre(HasSubstr("config/load.cpp:3: serving/recommender.h: config/ may")));
}

TEST(IncludeGraph, CommentsAndAllowedIncludesAreNotReported) {
  const TemporaryTree tree;
  tree.write(
      "serving/list.cpp",
      "// #include \"app/build.h\"\n#include \"serving/list.h\"\n#include \"state/store.h\"\n"
      "#include \"records/riffle.pb.h\"\n#include \"absl/status/status.h\"\n#include <map>\n");
  tree.write("tests/serving/list_test.cpp", "#include \"app/build.h\"\n#include <rocksdb/db.h>\n");
  EXPECT_THAT(breaches(tree.root()), IsEmpty());
}

}  // namespace
}  // namespace riffle::architecture
