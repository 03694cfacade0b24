// The broker that tools/test starts (RIFFLE_KAFKA, HOST:PORT), and what clients of other makers see
// on it. A test takes a namespace of its own, so that tests do not meet each other's records.
#pragma once

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/process.h"

namespace riffle::testing {

// Empty: there is none, and the test skips.
inline std::string kafka_address() {
  const char* address = std::getenv("RIFFLE_KAFKA");
  return address != nullptr ? address : "";
}

// "test-4711-3." in this process and no other.
inline std::string new_namespace() {
  static std::atomic<int> number{0};
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  return "test-" + std::to_string(getpid()) + "-" + std::to_string(now % 1000000) + "-" +
         std::to_string(++number) + ".";
}

inline std::string riffle_binary() { return RIFFLE_BINARY_DIR "/riffle"; }

// $RIFFLE_SHARED, else shared/ beside the source tree; empty where there is no such data.
inline std::string shared_data(const std::string& folder) {
  const char* set = std::getenv("RIFFLE_SHARED");
  const std::string path =
      (set != nullptr ? set : std::string(RIFFLE_SOURCE_DIR) + "/../shared") + "/data/" + folder;
  return std::filesystem::is_directory(path) ? path : "";
}

inline bool has_program(const std::string& name) {
  return finish({"sh", "-c", "command -v " + name}).code == 0;
}

// The lines of a text.
inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t from = 0;
  for (std::size_t end; (end = text.find('\n', from)) != std::string::npos; from = end + 1)
    lines.push_back(text.substr(from, end - from));
  return lines;
}

}  // namespace riffle::testing

#define RIFFLE_NEEDS_KAFKA(variable)                               \
  const std::string variable = ::riffle::testing::kafka_address(); \
  if (variable.empty())                                            \
  GTEST_SKIP() << "no broker: set RIFFLE_KAFKA to its HOST:PORT (tools/kafka start)"
