#include "evaluation/prequential/sequence_model.h"

#include <algorithm>

#include "base/hash.h"
#include "features/catalogue.h"

namespace riffle::evaluation {

SequenceModel::SequenceModel(std::unique_ptr<learner::SequenceTrainer> trainer, std::size_t length)
    : trainer_(std::move(trainer)), length_(length), state_(trainer_->encoder().shape().width) {}

void SequenceModel::describe(const records::Item& item) {
  if (!item.category.empty()) category_of_[key_of(item.item_id)] = features::category_key(item.category);
}

void SequenceModel::learn(const Interaction& interaction) {
  const records::Event& event = *interaction.event;
  learner::SequenceEntry entry{key_of(event.item_id), {}, to_ms(interaction.time), event.type};
  if (const auto category = category_of_.find(entry.item); category != category_of_.end()) entry.category = category->second;
  index_of_.try_emplace(entry.item, interaction.item);
  if (interaction.user >= histories_.size()) histories_.resize(interaction.user + 1);
  std::vector<learner::SequenceEntry>& history = histories_[interaction.user];
  if (history.size() >= 2 * length_) history.erase(history.begin(), history.end() - static_cast<std::ptrdiff_t>(length_));
  history.push_back(entry);
  trainer_->take(interaction.user, entry, interaction.counts);

  const learner::KeySlots& items = trainer_->tables().items().admitted();
  outputs_.resize(items.slots() * state_.size());
  item_of_slot_.resize(items.slots(), kNone);
  if (trainer_->steps() != steps_) {
    steps_ = trainer_->steps();
    for (std::uint32_t slot = 0; slot < items.slots(); ++slot) renew(slot);
  } else if (const std::uint32_t slot = slot_of(entry.item); slot != kNone) {
    renew(slot);
  }
}

void SequenceModel::renew(std::uint32_t slot) {
  const learner::SequenceTables& tables = trainer_->tables();
  const learner::KeySlots& items = tables.items().admitted();
  item_of_slot_[slot] = kNone;
  if (!items.used(slot)) return;
  const ItemKey item(items.key(slot));
  item_of_slot_[slot] = index_of_.at(item);
  tables.output(item, tables.category_of(slot), std::span(outputs_).subspan(slot * state_.size(), state_.size()));
}

std::span<const learner::SequenceEntry> SequenceModel::history_of(UserIndex user) const {
  if (user >= histories_.size()) return {};
  const std::span<const learner::SequenceEntry> all(histories_[user]);
  return all.last(std::min(all.size(), length_));
}

std::span<const float> SequenceModel::ask(UserIndex user, TimePoint now) {
  trainer_->encoder().encode(history_of(user), to_ms(now), trainer_->tables(), state_);
  scores_.resize(item_of_slot_.size());
  learner::score_rows(outputs_, state_, scores_);
  return scores_;
}

std::size_t SequenceModel::memory_bytes() const {
  std::size_t bytes = trainer_->memory_bytes() + category_of_.capacity() * 17 + index_of_.capacity() * 13 +
                      (outputs_.capacity() + scores_.capacity()) * sizeof(float) + item_of_slot_.capacity() * sizeof(ItemIndex) +
                      histories_.capacity() * sizeof(histories_[0]);
  for (const auto& history : histories_) bytes += history.capacity() * sizeof(learner::SequenceEntry);
  return bytes;
}

}  // namespace riffle::evaluation
