// A stream of decisions with known truth, as bench/vw/streams.py writes it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/ids.h"

namespace riffle::bench {

enum class StreamKind { kShared, kArms, kContextual };

struct Stream {
  StreamKind kind = StreamKind::kShared;
  std::size_t features = 0;               // of an action
  std::vector<std::uint32_t> counts;      // actions of each decision
  std::vector<ItemKey> items;             // of all actions, decision by decision; so are the next
  std::vector<float> means, rewards;
  std::vector<float> rows;                // `features` numbers an action

  std::span<const float> row(std::size_t action) const {
    return std::span<const float>(rows).subspan(action * features, features);
  }
};

absl::StatusOr<Stream> read_stream(const std::string& path);

// The same decisions as Vowpal Wabbit reads them for --cbify_ldf: a line an action, "class:cost | index:value …", with
// cost 1 − reward, and a blank line after each decision. Where actions differ by item alone the items have features of
// their own.
absl::Status write_vw_text(const Stream& stream, const std::string& path);

}  // namespace riffle::bench
