#include "learner/sequence/key_slots.h"

#include "absl/strings/str_cat.h"

namespace riffle::learner {
namespace {

constexpr int kKeysAPart = 1024;  // of some 20 bytes each

}  // namespace

void KeySlots::unlink(std::uint32_t slot) {
  const Slot& it = slots_[slot];
  (it.older == kNone ? oldest_ : slots_[it.older].newer) = it.newer;
  (it.newer == kNone ? newest_ : slots_[it.newer].older) = it.older;
}

void KeySlots::link_newest(std::uint32_t slot) {
  slots_[slot].older = newest_;
  slots_[slot].newer = kNone;
  (newest_ == kNone ? oldest_ : slots_[newest_].newer) = slot;
  newest_ = slot;
}

std::uint32_t KeySlots::see(std::uint64_t key, std::int64_t time_ms, bool& made) {
  std::uint32_t slot = find(key);
  made = slot == kNone;
  if (made) {
    if (slot_of_.size() == most_) remove(oldest_);
    if (free_.empty()) {
      slot = slots();
      slots_.emplace_back();
    } else {
      slot = free_.top();
      free_.pop();
    }
    slot_of_.emplace(key, slot);
    slots_[slot].key = key;
    slots_[slot].used = true;
  } else {
    unlink(slot);
  }
  slots_[slot].time_ms = time_ms;
  link_newest(slot);
  return slot;
}

void KeySlots::remove(std::uint32_t slot) {
  unlink(slot);
  slot_of_.erase(slots_[slot].key);
  slots_[slot] = {};
  free_.push(slot);
}

void KeySlots::save_parts(const std::function<void(const pb::KeySlotsState&)>& part) const {
  pb::KeySlotsState state;
  state.set_slots(slots());
  for (std::uint32_t slot = oldest_; slot != kNone; slot = slots_[slot].newer) {
    if (state.key_size() == kKeysAPart) {
      part(state);
      state.Clear();
    }
    state.add_key(slots_[slot].key);
    state.add_slot(slot);
    state.add_time_ms(slots_[slot].time_ms);
  }
  part(state);
}

absl::Status KeySlots::load(const pb::KeySlotsState& state) {
  const int keys = state.key_size();
  if (state.slots() > most_ || state.slot_size() != keys || state.time_ms_size() != keys)
    return absl::InvalidArgumentError(absl::StrCat("a table of ", state.slots(), " slots, ", keys, " keys, ", state.slot_size(),
                                                   " slots of keys and ", state.time_ms_size(), " times; at most ", most_, " fit"));
  slots_.resize(state.slots());
  for (int i = 0; i < keys; ++i) {
    const std::uint32_t slot = state.slot(i);
    if (slot >= slots_.size() || slots_[slot].used || !slot_of_.emplace(state.key(i), slot).second)
      return absl::InvalidArgumentError(absl::StrCat("a table gives slot ", slot, " of ", slots_.size(), ", or a key, twice"));
    slots_[slot].key = state.key(i);
    slots_[slot].time_ms = state.time_ms(i);
    slots_[slot].used = true;
    link_newest(slot);
  }
  for (std::uint32_t slot = 0; slot < slots_.size(); ++slot)
    if (!slots_[slot].used) free_.push(slot);
  return absl::OkStatus();
}

}  // namespace riffle::learner
