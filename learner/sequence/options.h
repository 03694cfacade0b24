// What the encoders of a user's interactions do. config/ fills it; config/default.yaml documents each key.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

namespace riffle::learner {

// Of the encoder that runs live, whose versions lie on `policy` as policies' do: no policy may have it.
inline constexpr std::string_view kEncoderId = "encoder";

struct SequenceOptions {
  bool runs() const { return encoder != "none"; }         // beside the policies

  std::string encoder = "none";                           // that runs live: none | mean | gru | attention
  Milliseconds publish_interval{std::chrono::minutes(1)};  // of its versions, while there is something new
  std::size_t keep_versions = 3;                          // on `policy`
  std::size_t width = 64;                                 // numbers of an item's row, and of a state
  std::size_t length = 50;                                // last interactions that are read
  std::size_t items = 65536;                              // with rows; beyond them the one not seen for longest goes
  std::size_t admit_after = 1;                            // interactions with an item before it gets a row
  Milliseconds expire_after{std::chrono::hours(24 * 90)};  // without an interaction: the row goes
  std::size_t log = 131072;                               // interactions held to learn from: some 64 bytes each
  std::size_t step_every = 8;                             // interactions from step to step
  std::size_t sequences = 4;                              // a step: of users with something new, then drawn from the log ...
  std::size_t reach = 8000;                               // ... so many interactions back on average
  double new_weight = 10;                                 // of an interaction when it is learned first, against the others
  std::size_t negatives = 4096;                           // drawn a step; all items with rows, where they are not more
  double learning_rate = 0.0003;                          // of the layers
  double row_learning_rate = 0.1;                         // of the rows
  std::uint64_t seed = 1;                                 // of the first numbers and of what is drawn
};

}  // namespace riffle::learner
