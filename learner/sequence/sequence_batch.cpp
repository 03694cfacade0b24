#include "learner/sequence/sequence_batch.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace riffle::learner {
namespace {

constexpr float kNotDrawn = -std::numeric_limits<float>::infinity();
using Shape = network::SequenceShape;

}  // namespace

std::int64_t SequenceBatch::row_of(bool item, std::uint64_t key, EmbeddingTable::Side side, const SequenceTables& tables) {
  const EmbeddingTable& table = item ? tables.items() : tables.categories();
  const std::uint32_t slot = key == 0 ? EmbeddingTable::kNone : table.find(key);
  if (slot == EmbeddingTable::kNone) return 0;
  std::vector<std::int64_t>& of_slot = row_of_slot_[item ? 1 : 0][side];
  if (slot >= of_slot.size()) of_slot.resize(table.admitted().slots(), 0);
  if (of_slot[slot] == 0) {
    rows_.push_back({item, slot, side});
    of_slot[slot] = static_cast<std::int64_t>(rows_.size());
    const auto numbers = table.row(slot, side);
    row_numbers_.insert(row_numbers_.end(), numbers.begin(), numbers.end());
  }
  return of_slot[slot];
}

// The interactions of window_, all but the last as tokens, all after the first token's as what is to be predicted.
void SequenceBatch::add_sequence(const InteractionLog& log, std::uint64_t new_from, const SequenceTables& tables,
                                 const SequenceOptions& options) {
  if (used_ == sequences_.size()) sequences_.emplace_back(), asked_ms_.emplace_back();
  std::vector<Token>& tokens = sequences_[used_];
  std::vector<std::int64_t>& asked = asked_ms_[used_];
  history_.clear();
  for (const std::uint64_t number : window_) history_.push_back(log.at(number).entry);
  history_.pop_back();
  tokens_of(history_, options.length, tokens);
  asked.clear();
  const std::size_t begins = window_.size() - tokens.size();  // what follows the first token
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const LoggedInteraction& next = log.at(window_[begins + i]);
    asked.push_back(next.entry.time_ms);
    const std::uint32_t slot = tables.items().find(next.entry.item.value());
    if (!next.target || slot == EmbeddingTable::kNone) continue;
    target_weight_.push_back(window_[begins + i] >= new_from ? static_cast<float>(options.new_weight) : 1.0F);
    places_.emplace_back(used_, i);
    target_slots_.push_back(slot);
  }
  length_ = std::max(length_, tokens.size());
  ++used_;
}

void SequenceBatch::add_candidate(std::uint32_t slot, float log_weight, const SequenceTables& tables) {
  candidate_slots_.push_back(slot);
  candidate_of_slot_[slot] = static_cast<std::int64_t>(candidate_slots_.size());
  const std::uint64_t key = tables.items().admitted().key(slot);
  candidate_input_.push_back(row_of(true, key, EmbeddingTable::kInput, tables));
  candidate_output_.push_back(row_of(true, key, EmbeddingTable::kOutput, tables));
  candidate_category_.push_back(row_of(false, tables.category_of(slot).value(), EmbeddingTable::kOutput, tables));
  candidate_log_weight_.push_back(log_weight);
}

void SequenceBatch::add_candidates(const InteractionLog& log, const SequenceTables& tables, const SequenceOptions& options, Rng& rng) {
  const KeySlots& items = tables.items().admitted();
  candidate_of_slot_.assign(items.slots(), 0);
  candidate_slots_.clear(), candidate_input_.clear(), candidate_output_.clear(), candidate_category_.clear();
  candidate_log_weight_.clear();
  if (items.size() <= options.negatives) {
    for (std::uint32_t slot = 0; slot < items.slots(); ++slot)
      if (items.used(slot)) add_candidate(slot, 0, tables);
    return;
  }
  const std::size_t by_count = options.negatives / 2, evenly = options.negatives - by_count;
  drawn_.assign(items.slots(), 0);
  std::vector<std::uint32_t> distinct;
  const auto drew = [&](std::uint32_t slot) {
    if (slot != EmbeddingTable::kNone && items.used(slot) && drawn_[slot]++ == 0) distinct.push_back(slot);
  };
  const std::uint64_t held = log.end() - log.begin();
  for (std::size_t i = 0; i < by_count; ++i) {
    const LoggedInteraction& one = log.at(log.begin() + rng.below(held));
    if (one.target) drew(items.find(one.entry.item.value()));
  }
  for (std::size_t i = 0; i < evenly; ++i) drew(static_cast<std::uint32_t>(rng.below(items.slots())));
  for (const std::uint32_t slot : distinct) {
    const double expected =
        static_cast<double>(by_count) * log.count_of(ItemKey(items.key(slot))) / static_cast<double>(held) +
        static_cast<double>(evenly) / items.slots();
    add_candidate(slot, static_cast<float>(std::log(drawn_[slot] / expected)), tables);
  }
  for (const std::uint32_t slot : target_slots_)
    if (candidate_of_slot_[slot] == 0) add_candidate(slot, kNotDrawn, tables);
}

void SequenceBatch::pad() {
  const std::size_t places = used_ * length_;
  for (std::vector<std::int64_t>* of : {&item_row_, &category_row_}) of->assign(places, 0);
  type_.assign(places, Shape::kBeginning);
  gap_.assign(places, Shape::kNoGap);
  age_.assign(places * length_, Shape::kNoGap);
}

void SequenceBatch::fill(const InteractionLog& log, std::span<const std::uint64_t> lasts, std::uint64_t new_from,
                         const SequenceTables& tables, const SequenceOptions& options, Rng& rng) {
  width_ = options.width;
  length_ = used_ = 0;
  for (const Row& row : rows_) row_of_slot_[row.item ? 1 : 0][row.side][row.slot] = 0;
  rows_.clear();
  row_numbers_.assign(width_, 0.0F);
  target_weight_.clear();
  places_.clear(), target_slots_.clear(), target_place_.clear(), target_.clear();
  for (const std::uint64_t last : lasts) {
    log.window(last, options.length + 1, window_);
    add_sequence(log, new_from, tables, options);
  }
  if (places_.empty()) return;
  pad();
  for (std::size_t s = 0; s < used_; ++s) {
    const std::vector<Token>& tokens = sequences_[s];
    for (std::size_t t = 0; t < tokens.size(); ++t) {
      const std::size_t place = s * length_ + t;
      item_row_[place] = row_of(true, tokens[t].item.value(), EmbeddingTable::kInput, tables);
      category_row_[place] = row_of(false, tokens[t].category.value(), EmbeddingTable::kInput, tables);
      type_[place] = tokens[t].type;
      gap_[place] = tokens[t].gap;
      for (std::size_t of = 0; of <= t; ++of) age_[place * length_ + of] = tokens[of].age(asked_ms_[s][t]);
    }
  }
  add_candidates(log, tables, options, rng);
  for (std::size_t i = 0; i < places_.size(); ++i) {
    target_place_.push_back(static_cast<std::int64_t>(places_[i].first * length_ + places_[i].second));
    target_.push_back(candidate_of_slot_[target_slots_[i]] - 1);
  }
  row_gradients_.assign(row_numbers_.size(), 0.0F);
}

network::SequenceBatch SequenceBatch::view() const {
  network::SequenceBatch batch;
  batch.sequences = static_cast<std::uint32_t>(used_);
  batch.length = static_cast<std::uint32_t>(length_);
  batch.rows = static_cast<std::uint32_t>(1 + rows_.size());
  batch.targets = static_cast<std::uint32_t>(target_.size());
  batch.candidates = static_cast<std::uint32_t>(candidate_slots_.size());
  batch.row_numbers = row_numbers_.data();
  batch.item_row = item_row_.data();
  batch.category_row = category_row_.data();
  batch.type = type_.data();
  batch.gap = gap_.data();
  batch.age = age_.data();
  batch.target_place = target_place_.data();
  batch.target = target_.data();
  batch.target_weight = target_weight_.data();
  batch.candidate_input = candidate_input_.data();
  batch.candidate_output = candidate_output_.data();
  batch.candidate_category = candidate_category_.data();
  batch.candidate_log_weight = candidate_log_weight_.data();
  return batch;
}

// The loss is a mean over targets; the steps of rows are by its sum, so that they do not depend on how many there were.
void SequenceBatch::learn_rows(SequenceTables& tables) {
  const float all = std::accumulate(target_weight_.begin(), target_weight_.end(), 0.0F);
  for (float& g : row_gradients_) g *= all;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    EmbeddingTable& table = rows_[i].item ? tables.items() : tables.categories();
    table.learn(rows_[i].slot, rows_[i].side, std::span<const float>(row_gradients_).subspan((1 + i) * width_, width_));
  }
}

}  // namespace riffle::learner
