// A user's last interactions as an encoder reads them: as tokens, oldest first, the beginning of the history being one where all of
// it is there. Training and serving make them here, so that they see the same.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.h"
#include "learner/network/sequence_shape.h"
#include "records/event.h"

namespace riffle::learner {

struct SequenceEntry {
  ItemKey item;
  CategoryKey category;      // 0: none
  std::int64_t time_ms = 0;
  records::InteractionType type = records::InteractionType::kOther;
};

// 0: below a second (or what came out of order); then by powers of four, 1: 1 – 4 s, … 14: half a year and more.
inline std::uint8_t gap_bucket(std::int64_t from_ms, std::int64_t to_ms) {
  if (to_ms <= from_ms) return 0;
  const auto seconds = (static_cast<std::uint64_t>(to_ms) - static_cast<std::uint64_t>(from_ms)) / 1000;
  return static_cast<std::uint8_t>(std::min<std::uint64_t>((std::bit_width(seconds) + 1) / 2, network::SequenceShape::kNoGap - 1));
}

struct Token {
  ItemKey item;              // 0: none
  CategoryKey category;
  std::int64_t time_ms = 0;
  std::uint8_t type = network::SequenceShape::kBeginning;
  std::uint8_t gap = network::SequenceShape::kNoGap;

  // When what follows is asked for.
  std::uint8_t age(std::int64_t now_ms) const {
    return type == network::SequenceShape::kBeginning ? network::SequenceShape::kNoGap : gap_bucket(time_ms, now_ms);
  }
};

// Replaces `tokens` by at most `length` ones, of the last entries; fewer entries than that follow the beginning.
inline void tokens_of(std::span<const SequenceEntry> history, std::size_t length, std::vector<Token>& tokens) {
  tokens.clear();
  if (history.size() < length) tokens.emplace_back();
  const std::size_t from = history.size() - std::min(history.size(), length);
  for (std::size_t i = from; i < history.size(); ++i) {
    const SequenceEntry& entry = history[i];
    tokens.push_back({entry.item, entry.category, entry.time_ms, static_cast<std::uint8_t>(entry.type),
                      i == from ? std::uint8_t{network::SequenceShape::kNoGap} : gap_bucket(history[i - 1].time_ms, entry.time_ms)});
  }
}

}  // namespace riffle::learner
