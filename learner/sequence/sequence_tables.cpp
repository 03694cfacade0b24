#include "learner/sequence/sequence_tables.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/errors.h"

namespace riffle::learner {
namespace {

constexpr std::uint32_t kMostCategories = 16384;

EmbeddingTable::Options items_of(const SequenceOptions& options) {
  return {.width = options.width,
          .most = static_cast<std::uint32_t>(options.items),
          .admit_after = static_cast<std::uint32_t>(options.admit_after),
          .expire_after_ms = options.expire_after.count(),
          .learning_rate = options.row_learning_rate,
          .seed = options.seed};
}

EmbeddingTable::Options categories_of(const SequenceOptions& options) {
  EmbeddingTable::Options of = items_of(options);
  of.most = std::min(of.most, kMostCategories);
  of.admit_after = 1;
  of.seed = ~options.seed;
  return of;
}

void add(const EmbeddingTable& table, std::uint64_t key, EmbeddingTable::Side side, std::span<float> out) {
  const std::uint32_t slot = key == 0 ? EmbeddingTable::kNone : table.find(key);
  if (slot == EmbeddingTable::kNone) return;
  const auto row = table.row(slot, side);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] += row[i];
}

}  // namespace

SequenceTables::SequenceTables(const SequenceOptions& options) : items_(items_of(options)), categories_(categories_of(options)) {}

void SequenceTables::see(ItemKey item, CategoryKey category, std::int64_t time_ms) {
  const std::uint32_t slot = items_.see(item.value(), time_ms);
  if (category != CategoryKey()) categories_.see(category.value(), time_ms);
  if (slot == EmbeddingTable::kNone) return;
  if (slot >= category_of_.size()) category_of_.resize(slot + 1);
  category_of_[slot] = category;
}

void SequenceTables::input(ItemKey item, CategoryKey category, std::span<float> out) const {
  std::fill(out.begin(), out.end(), 0.0F);
  add(items_, item.value(), EmbeddingTable::kInput, out);
  add(categories_, category.value(), EmbeddingTable::kInput, out);
}

void SequenceTables::output(ItemKey item, CategoryKey category, std::span<float> out) const {
  std::fill(out.begin(), out.end(), 0.0F);
  add(items_, item.value(), EmbeddingTable::kInput, out);
  add(items_, item.value(), EmbeddingTable::kOutput, out);
  add(categories_, category.value(), EmbeddingTable::kOutput, out);
}

void SequenceTables::save(pb::SequenceState& state) const {
  save_parts([&state](const pb::SequenceState& part) { state.MergeFrom(part); });
}

void SequenceTables::save_parts(const std::function<void(const pb::SequenceState&)>& part) const {
  pb::SequenceState state;
  items_.save_parts([&](const pb::EmbeddingTableState& items) {
    state.Clear();
    *state.mutable_items() = items;
    for (const std::uint32_t slot : items.admitted().slot()) state.add_category_of(category_of_[slot].value());
    part(state);
  });
  categories_.save_parts([&](const pb::EmbeddingTableState& categories) {
    state.Clear();
    *state.mutable_categories() = categories;
    part(state);
  });
}

absl::Status SequenceTables::load(const pb::SequenceState& state) {
  RIFFLE_RETURN_IF_ERROR(items_.load(state.items()));
  RIFFLE_RETURN_IF_ERROR(categories_.load(state.categories()));
  const auto& slots = state.items().admitted().slot();
  if (state.category_of_size() != slots.size())
    return absl::InvalidArgumentError(absl::StrCat(slots.size(), " items have ", state.category_of_size(), " categories"));
  category_of_.resize(items_.admitted().slots());
  for (int i = 0; i < slots.size(); ++i) category_of_[slots[i]] = CategoryKey(state.category_of(i));
  return absl::OkStatus();
}

std::size_t SequenceTables::memory_bytes() const {
  return items_.memory_bytes() + categories_.memory_bytes() + category_of_.capacity() * sizeof(CategoryKey);
}

}  // namespace riffle::learner
