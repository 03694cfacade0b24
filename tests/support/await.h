// Waits until something holds, with a deadline: never for a fixed time.
#pragma once

#include <chrono>
#include <thread>

namespace riffle::testing {

// Looks again and again until `holds()` is true; false where the time passed first.
template <class F>
[[nodiscard]] bool await(F&& holds, std::chrono::milliseconds most = std::chrono::seconds(30)) {
  const auto end = std::chrono::steady_clock::now() + most;
  while (!holds()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

}  // namespace riffle::testing
