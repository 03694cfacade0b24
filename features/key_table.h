// A small hash table from 64-bit hashes (ItemKey, CategoryKey, a brand's hash) to values, for what
// is made anew for every request: entries lie densely in the order of their insertion, and a lookup
// is two loads, because the keys are hashes already. Up to a few thousand entries; nothing is ever
// removed.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace riffle::features {

template <class Key, class Value>
class KeyTable {
 public:
  using Entry = std::pair<Key, Value>;

  // Null where there is none. Valid until the next edit of a new key.
  const Value* find(const Key& key) const {
    if (entries_.empty()) return nullptr;
    for (std::size_t place = raw(key) & mask_;; place = (place + 1) & mask_) {
      const std::uint32_t index = index_[place];
      if (index == 0) return nullptr;
      if (entries_[index - 1].first == key) return &entries_[index - 1].second;
    }
  }

  // The value to edit, made by default where there is none.
  Value& edit(const Key& key) {
    if (kPlaces * (entries_.size() + 1) > index_.size()) reserve(entries_.size() * 2 + 8);
    for (std::size_t place = raw(key) & mask_;; place = (place + 1) & mask_) {
      const std::uint32_t index = index_[place];
      if (index == 0) {
        entries_.emplace_back(key, Value{});
        index_[place] = static_cast<std::uint32_t>(entries_.size());
        return entries_.back().second;
      }
      if (entries_[index - 1].first == key) return entries_[index - 1].second;
    }
  }

  void reserve(std::size_t entries) {
    std::size_t places = 16;
    while (places < kPlaces * (entries + 1)) places *= 2;
    if (places <= index_.size()) return;
    entries_.reserve(entries);
    index_.assign(places, 0);
    mask_ = places - 1;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      std::size_t place = raw(entries_[i].first) & mask_;
      while (index_[place] != 0) place = (place + 1) & mask_;
      index_[place] = static_cast<std::uint32_t>(i + 1);
    }
  }

  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  bool contains(const Key& key) const { return find(key) != nullptr; }

  // In the order of insertion.
  auto begin() { return entries_.begin(); }
  auto end() { return entries_.end(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }

 private:
  static constexpr std::size_t kPlaces = 4;  // an entry: most questions end at the first
  static std::uint64_t raw(std::uint64_t key) { return key; }
  template <class K>
  static std::uint64_t raw(const K& key) {
    return key.value();
  }

  std::vector<Entry> entries_;
  std::vector<std::uint32_t> index_;  // place → entry + 1; 0: free
  std::size_t mask_ = 0;
};

}  // namespace riffle::features
