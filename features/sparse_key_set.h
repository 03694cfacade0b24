// A set of item keys that is asked far more often than it says yes: one bit, chosen by the key (which is a hash already),
// answers most questions, so that serving may ask it of every candidate. Up to some thousands of keys; beyond, the bits say
// "perhaps" more often and the set itself answers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/container/flat_hash_set.h"
#include "base/ids.h"

namespace riffle::features {

// One thread.
class SparseKeySet {
 public:
  SparseKeySet() = default;
  explicit SparseKeySet(std::span<const ItemKey> keys) {
    keys_.reserve(keys.size());
    for (const ItemKey key : keys) insert(key);
  }

  void insert(ItemKey key) {
    if (keys_.insert(key).second) bits_[place_of(key)] |= bit_of(key);
  }
  bool contains(ItemKey key) const {
    return (bits_[place_of(key)] & bit_of(key)) != 0 && keys_.contains(key);
  }
  void clear() {
    keys_.clear();
    bits_ = {};
  }
  std::size_t size() const { return keys_.size(); }
  auto begin() const { return keys_.begin(); }
  auto end() const { return keys_.end(); }

 private:
  static constexpr std::size_t kWords = 256;  // 2 kB: they lie in the nearest cache while a list is made
  static std::size_t place_of(ItemKey key) { return (key.value() >> 40) % kWords; }
  static std::uint64_t bit_of(ItemKey key) { return std::uint64_t{1} << (key.value() >> 34 & 63); }

  absl::flat_hash_set<ItemKey> keys_;
  std::array<std::uint64_t, kWords> bits_{};
};

}  // namespace riffle::features
