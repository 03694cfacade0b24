#include "learner/sequence/embedding_table.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/rng.h"
#include "learner/q_learning/q_state.h"

namespace riffle::learner {
EmbeddingTable::EmbeddingTable(const Options& options) : options_(options), admitted_(options.most), waiting_(options.most) {}

void EmbeddingTable::expire(std::int64_t now_ms) {
  const auto over = [&](const KeySlots& keys) {
    return keys.oldest() != kNone && now_ms - keys.time_ms(keys.oldest()) > options_.expire_after_ms;
  };
  while (over(admitted_)) {
    admitted_.remove(admitted_.oldest());
    ++expired_;
  }
  while (over(waiting_)) waiting_.remove(waiting_.oldest());
}

std::uint32_t EmbeddingTable::see(std::uint64_t key, std::int64_t time_ms) {
  now_ms_ = std::max(now_ms_, time_ms);
  expire(now_ms_);
  bool made = false;
  if (admitted_.find(key) != kNone) return admitted_.see(key, now_ms_, made);
  if (options_.admit_after > 1) {
    const std::uint32_t waiting = waiting_.see(key, now_ms_, made);
    if (waiting >= counts_.size()) counts_.resize(waiting + 1);
    if (made) counts_[waiting] = 0;
    if (++counts_[waiting] < options_.admit_after) return kNone;
    waiting_.remove(waiting);
  }
  const std::uint32_t slot = admitted_.see(key, now_ms_, made);
  grow();
  begin(slot, key);
  return slot;
}

void EmbeddingTable::grow() {
  const std::size_t rows = 2 * std::size_t{admitted_.slots()};
  numbers_.resize(rows * options_.width);
  squares_.resize(rows * options_.width);
}

void EmbeddingTable::begin(std::uint32_t slot, std::uint64_t key) {
  const std::size_t width = options_.width, from = 2 * std::size_t{slot} * width;
  const auto begin = static_cast<std::ptrdiff_t>(from), both = static_cast<std::ptrdiff_t>(2 * width);
  std::fill_n(numbers_.begin() + begin, both, 0.0F);
  std::fill_n(squares_.begin() + begin, both, static_cast<float>(options_.first_square));
  Rng rng(options_.seed ^ key);
  const double deviation = options_.deviation / std::sqrt(static_cast<double>(width));
  for (std::size_t i = 0; i < width; ++i) numbers_[from + i] = static_cast<float>(deviation * rng.normal());
}

void EmbeddingTable::learn(std::uint32_t slot, Side side, std::span<const float> gradient) {
  const std::size_t width = options_.width, row = 2 * std::size_t{slot} + side;
  const auto rate = static_cast<float>(options_.learning_rate);
  float* const numbers = numbers_.data() + row * width;
  float* const squares = squares_.data() + row * width;
  for (std::size_t i = 0; i < width; ++i) {
    squares[i] += gradient[i] * gradient[i];
    numbers[i] -= rate * gradient[i] / std::sqrt(squares[i]);
  }
}

void EmbeddingTable::save(pb::EmbeddingTableState& state) const {
  admitted_.save(*state.mutable_admitted());
  waiting_.save(*state.mutable_waiting());
  for (const std::uint32_t slot : state.waiting().slot()) state.add_waiting_count(counts_[slot]);
  const std::size_t both = 2 * options_.width;
  for (const std::uint32_t slot : state.admitted().slot()) {
    const auto add = [&](const std::vector<float>& from, std::string& to) {
      to += bytes_of(std::span(from).subspan(slot * both, both));
    };
    add(numbers_, *state.mutable_numbers());
    add(squares_, *state.mutable_squares());
  }
  state.set_now_ms(now_ms_);
  state.set_expired(expired_);
}

absl::Status EmbeddingTable::load(const pb::EmbeddingTableState& state) {
  RIFFLE_RETURN_IF_ERROR(admitted_.load(state.admitted()));
  RIFFLE_RETURN_IF_ERROR(waiting_.load(state.waiting()));
  const auto keys = static_cast<std::size_t>(state.admitted().key_size());
  const std::size_t both = 2 * options_.width, bytes = keys * both * sizeof(float);
  if (state.waiting_count_size() != state.waiting().key_size() || state.numbers().size() != bytes || state.squares().size() != bytes)
    return absl::InvalidArgumentError(absl::StrCat("a table of ", keys, " keys has ", state.numbers().size(), " bytes of numbers, ",
                                                   state.squares().size(), " of squares: it is cut short, or of another width"));
  counts_.resize(waiting_.slots());
  for (int i = 0; i < state.waiting_count_size(); ++i) counts_[state.waiting().slot(i)] = state.waiting_count(i);
  grow();
  for (std::size_t i = 0; i < keys; ++i) {
    const std::size_t slot = state.admitted().slot(static_cast<int>(i));
    const auto take = [&](std::string_view from, std::vector<float>& to) {
      const std::vector<float> row = floats_of(from.substr(i * both * sizeof(float), both * sizeof(float)));
      std::copy(row.begin(), row.end(), to.begin() + static_cast<std::ptrdiff_t>(slot * both));
    };
    take(state.numbers(), numbers_);
    take(state.squares(), squares_);
  }
  now_ms_ = state.now_ms();
  expired_ = state.expired();
  if (!all_finite(numbers_) || !all_finite(squares_))
    return absl::InvalidArgumentError("a table holds a number that is not finite");
  return absl::OkStatus();
}

std::size_t EmbeddingTable::memory_bytes() const {
  return admitted_.memory_bytes() + waiting_.memory_bytes() +
         (numbers_.capacity() + squares_.capacity()) * sizeof(float) + counts_.capacity() * sizeof(std::uint32_t);
}

}  // namespace riffle::learner
