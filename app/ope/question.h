// What `riffle ope` was asked, and the parts of the evaluation made from it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "app/configuration.h"
#include "bus/bus.h"
#include "evaluation/logs/round_source.h"
#include "evaluation/models/reward_model.h"
#include "evaluation/ope.h"
#include "evaluation/ope_report.h"
#include "evaluation/targets/target.h"

namespace riffle::app {

enum class LogKind { kOwn, kOpenBandit, kJsonLines };

struct OpeChoice {
  std::string file;                // empty: Riffle's own log
  std::optional<LogKind> kind;     // none: by the file's name
  std::string surface;             // of Riffle's own log; empty: all
  std::string logged_by;           // which policy's lists, of Riffle's own log; empty: all
  std::uint32_t actions = 0;       // 0: as the log says
  std::string target;              // uniform | lines | policy:ID | a file
  std::uint64_t policy_version = 0;
  bool train = false;              // the policy anew, on the log
  std::string campaign;
  std::size_t list_length = 3;
  std::size_t draws = 20000;
  std::vector<std::string> estimators;
  std::size_t folds = 5;
  double prior = 50;
  evaluation::OpeOptions options;
};

// All that evaluate_off_policy() takes. `bus` is there where the log or the target is Riffle's own.
struct OpeSetup {
  std::unique_ptr<bus::Bus> bus;
  evaluation::OpenRounds open;
  std::unique_ptr<evaluation::Target> target;
  std::unique_ptr<evaluation::RewardModel> model;  // null: no estimator asked needs one
  evaluation::OpeQuestion question;
};

// Errors say which option is wrong (InvalidArgument, NotFound), or are the bus's. With `train` the log is read once for that,
// which `watch` follows and may stop (Cancelled).
absl::StatusOr<OpeSetup> set_up(const OpeChoice& choice, const config::Config& config,
                                const evaluation::OpeWatch& watch = {});

}  // namespace riffle::app
