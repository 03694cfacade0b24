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

void EmbeddingTable::end_learning() {
  squares_.clear();
  squares_.shrink_to_fit();
}

std::size_t EmbeddingTable::slots_a_part() const {
  constexpr std::size_t kPartBytes = 16 << 10;
  return std::max<std::size_t>(1, kPartBytes / (4 * options_.width * sizeof(float)));
}

void EmbeddingTable::write_rows(std::uint32_t from, std::uint32_t to, pb::EmbeddingRowsState& rows) const {
  const std::size_t both = 2 * options_.width;
  rows.set_first_slot(from);
  for (std::uint32_t slot = from; slot < to; ++slot) {
    const auto add = [&](const std::vector<float>& of, std::string& bytes) {
      if (admitted_.used(slot))
        bytes += bytes_of(std::span(of).subspan(slot * both, both));
      else
        bytes.append(both * sizeof(float), '\0');  // what is left of the key that went is nobody's
    };
    add(numbers_, *rows.mutable_numbers());
    add(squares_, *rows.mutable_squares());
  }
}

void EmbeddingTable::save(pb::EmbeddingTableState& state) const {
  save_parts([&state](const pb::EmbeddingTableState& part) { state.MergeFrom(part); });
}

void EmbeddingTable::save_parts(const std::function<void(const pb::EmbeddingTableState&)>& part) const {
  pb::EmbeddingTableState state;
  state.set_now_ms(now_ms_);
  state.set_expired(expired_);
  part(state);
  admitted_.save_parts([&](const pb::KeySlotsState& keys) {
    state.Clear();
    *state.mutable_admitted() = keys;
    part(state);
  });
  waiting_.save_parts([&](const pb::KeySlotsState& keys) {
    state.Clear();
    *state.mutable_waiting() = keys;
    for (const std::uint32_t slot : keys.slot()) state.add_waiting_count(counts_[slot]);
    part(state);
  });
  const std::uint32_t slots = admitted_.slots(), step = static_cast<std::uint32_t>(slots_a_part());
  for (std::uint32_t from = 0; from < slots; from += step) {
    state.Clear();
    write_rows(from, std::min(slots, from + step), *state.add_rows());
    part(state);
  }
}

absl::Status EmbeddingTable::load_rows(const pb::EmbeddingTableState& state) {
  const std::size_t slot_bytes = 2 * options_.width * sizeof(float);
  std::size_t next = 0;
  grow();
  for (const pb::EmbeddingRowsState& rows : state.rows()) {
    const std::size_t slots = rows.numbers().size() / slot_bytes;
    if (rows.first_slot() != next || slots == 0 || slots > admitted_.slots() - next || rows.numbers().size() % slot_bytes != 0 ||
        rows.squares().size() != rows.numbers().size())
      return absl::InvalidArgumentError(absl::StrCat("a table of ", admitted_.slots(), " slots has ", rows.numbers().size(),
                                                     " bytes of numbers, ", rows.squares().size(), " of squares from slot ",
                                                     rows.first_slot(), ", where ", next, " is next: it is cut short, or of another width"));
    const auto take = [&](std::string_view from, std::vector<float>& to) {
      const std::vector<float> read = floats_of(from);
      std::copy(read.begin(), read.end(), to.begin() + static_cast<std::ptrdiff_t>(2 * next * options_.width));
    };
    take(rows.numbers(), numbers_);
    take(rows.squares(), squares_);
    next += slots;
  }
  if (next != admitted_.slots())
    return absl::InvalidArgumentError(absl::StrCat("a table of ", admitted_.slots(), " slots has rows of ", next, ": it is cut short"));
  if (!all_finite(numbers_) || !all_finite(squares_))
    return absl::InvalidArgumentError("a table holds a number that is not finite");
  return absl::OkStatus();
}

absl::Status EmbeddingTable::load(const pb::EmbeddingTableState& state) {
  RIFFLE_RETURN_IF_ERROR(admitted_.load(state.admitted()));
  RIFFLE_RETURN_IF_ERROR(waiting_.load(state.waiting()));
  if (state.waiting_count_size() != state.waiting().key_size())
    return absl::InvalidArgumentError(absl::StrCat(state.waiting().key_size(), " keys that wait have ", state.waiting_count_size(),
                                                   " counts"));
  counts_.resize(waiting_.slots());
  for (int i = 0; i < state.waiting_count_size(); ++i) counts_[state.waiting().slot(i)] = state.waiting_count(i);
  now_ms_ = state.now_ms();
  expired_ = state.expired();
  return load_rows(state);
}

std::size_t EmbeddingTable::memory_bytes() const {
  return admitted_.memory_bytes() + waiting_.memory_bytes() +
         (numbers_.capacity() + squares_.capacity()) * sizeof(float) + counts_.capacity() * sizeof(std::uint32_t);
}

}  // namespace riffle::learner
