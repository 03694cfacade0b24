// One slot of a decision as a line of JSON, for off-policy evaluation of logs that Riffle did not
// write:
//
//   {"action":"i9","reward":1,"propensity":0.25,                   what was shown, and what it earned
//    "position":0,"recommendation_id":"r1","user_id":"u1",         of which list; whose
//    "context":"mobile",                                           a text or a number: a stratum
//    "actions":34,                                                 or ["i1","i2",…]: what could be
//    "target_propensity":0.5,"target":{"i9":0.5,"i1":0.5},         what the target would do
//    "marginal_propensity":0.2,"target_marginal_propensity":0.4,   both policies', in this position whatever is above
//    "timestamp":"2025-10-09T08:53:20Z"}                           when: ms or ISO 8601 (for `riffle log check`)
//
// Only action and reward must be there. Lines with the same recommendation_id that follow each other
// are one slate. Unknown members are ignored.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "records/dead_letter.h"

namespace riffle::records {

// Views live until the next line is decoded. A number that is absent or null is NaN.
struct LoggedLine {
  std::string_view action, user_id, recommendation_id;
  std::string_view context;  // a text; of a number or a flag its JSON text. Empty: none
  std::string_view timestamp;  // as it stands there; empty: none
  std::int64_t position = 0;
  double reward = 0;
  double propensity = 0;
  double target_propensity = 0;
  double marginal_propensity = 0, target_marginal_propensity = 0;
  std::uint64_t actions = 0;                // how many; 0: not said
  std::vector<std::string_view> available;  // which; empty: not said
  std::vector<std::pair<std::string_view, double>> target;
  bool has_reward = false;
};

// One thread; reuses its memory.
class LoggedLineDecoder {
 public:
  LoggedLineDecoder();
  ~LoggedLineDecoder();
  // nullopt: decoded. Else why not; `line` is then unspecified.
  std::optional<Reason> decode(std::string_view json, LoggedLine& line);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace riffle::records
