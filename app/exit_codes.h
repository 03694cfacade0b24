// What the program's exit status says. Scripts and supervisors build on these numbers: add, never
// change.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace riffle::app {

enum class ExitCode : int {
  kOk = 0,
  kFailed = 1,  // anything that has no number of its own; stderr says what
  kUsage = 2,   // a wrong argument, or a configuration with mistakes
  kBusUnreachable =
      3,            // the broker does not answer, refuses us, or another process has the local bus
  kTopics = 4,      // a topic is missing, or has other partitions than it needs
  kStateInUse = 5,  // another process owns the state directory or the worker's name
  kStateUnwritable = 6,  // no permission to write the state, or the disk is full
  kStateCorrupt = 7,     // the state cannot be read
  kLost = 8,             // stopped by rule: state or records are gone, and going on would hide it
  kRefused = 9,          // the log cannot tell what was asked: an estimate, or a replay, was refused
  kDiffers = 10,         // what was made again from the log is not what there is
};

// Where a status came from: the same code means another thing at another place.
enum class Origin { kBus, kTopics, kState };

ExitCode exit_code(const absl::Status& status, Origin origin);

// The table for `--help`.
std::string exit_code_help();

}  // namespace riffle::app
