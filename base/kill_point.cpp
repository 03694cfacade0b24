#include "base/kill_point.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/check.h"

namespace riffle::kill_point_detail {
namespace {

struct Plan {
  std::string name;
  std::int64_t passes = 0;
  std::int64_t delay_us = -1;  // at once
};

Plan plan_of(const char* text) {
  Plan plan;
  if (text == nullptr) return plan;
  const std::vector<std::string> parts = absl::StrSplit(text, ':');
  RIFFLE_CHECK((parts.size() == 2 || parts.size() == 3) && absl::SimpleAtoi(parts[1], &plan.passes) &&
                   (parts.size() == 2 || absl::SimpleAtoi(parts[2], &plan.delay_us)),
               "RIFFLE_KILL_AT is NAME:PASSES or NAME:PASSES:MICROSECONDS, not", text);
  plan.name = parts[0];
  return plan;
}

const Plan& plan() {
  static const Plan kPlan = plan_of(std::getenv("RIFFLE_KILL_AT"));
  return kPlan;
}

std::atomic<std::int64_t> passed{0};

}  // namespace

const bool kArmed = !plan().name.empty();

void pass(std::string_view name) {
  if (name != plan().name || ++passed != plan().passes) return;
  if (plan().delay_us < 0) ::kill(::getpid(), SIGKILL);
  std::thread([] {
    std::this_thread::sleep_for(std::chrono::microseconds(plan().delay_us));
    ::kill(::getpid(), SIGKILL);
  }).detach();
}

}  // namespace riffle::kill_point_detail
