// A map of 64-bit keys that is emptied and filled anew for every request: open addressing over a dense array, cleared by
// raising a stamp, so that in a steady state it neither allocates nor touches memory that it does not use. Entries keep
// the order in which they came in, which makes everything built on it deterministic.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace riffle::serving {

// Value: default-constructible and cheap to copy. One thread.
template <class Value>
class ScratchMap {
 public:
  struct Entry {
    std::uint64_t key = 0;
    Value value{};
  };

  explicit ScratchMap(std::size_t expected = 256) { rehash(capacity_for(expected)); }

  void clear() {
    entries_.clear();
    if (++stamp_ == 0) {  // wrapped: cells of 2³² requests ago would look alive
      for (Cell& cell : cells_) cell = Cell{};
      stamp_ = 1;
    }
  }

  // The key's entry, made by default where there is none; whether it was made now. Valid until the next insert.
  std::pair<Entry*, bool> insert(std::uint64_t key) {
    std::size_t place = place_of(key);
    while (cells_[place].stamp == stamp_) {
      Entry& entry = entries_[cells_[place].index];
      if (entry.key == key) return {&entry, false};
      place = (place + 1) & mask_;
    }
    if ((entries_.size() + 1) * 2 > cells_.size()) {
      rehash(cells_.size() * 2);
      place = place_of(key);
      while (cells_[place].stamp == stamp_) place = (place + 1) & mask_;
    }
    cells_[place] = {stamp_, static_cast<std::uint32_t>(entries_.size())};
    entries_.push_back({key, Value{}});
    return {&entries_.back(), true};
  }

  const Entry* find(std::uint64_t key) const {
    for (std::size_t place = place_of(key); cells_[place].stamp == stamp_; place = (place + 1) & mask_) {
      const Entry& entry = entries_[cells_[place].index];
      if (entry.key == key) return &entry;
    }
    return nullptr;
  }

  const std::vector<Entry>& entries() const { return entries_; }
  std::size_t size() const { return entries_.size(); }

 private:
  struct Cell {
    std::uint32_t stamp = 0;
    std::uint32_t index = 0;
  };

  static std::size_t capacity_for(std::size_t expected) {
    std::size_t capacity = 16;
    while (capacity < expected * 2) capacity *= 2;
    return capacity;
  }

  // Keys are hashes already; the multiplication guards against tests' and shops' small numbers.
  std::size_t place_of(std::uint64_t key) const { return (key * 0x9E3779B97F4A7C15ULL >> 32) & mask_; }

  void rehash(std::size_t capacity) {
    cells_.assign(capacity, Cell{});
    mask_ = capacity - 1;
    stamp_ = 1;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      std::size_t place = place_of(entries_[i].key);
      while (cells_[place].stamp == stamp_) place = (place + 1) & mask_;
      cells_[place] = {stamp_, static_cast<std::uint32_t>(i)};
    }
  }

  std::vector<Entry> entries_;
  std::vector<Cell> cells_;
  std::size_t mask_ = 0;
  std::uint32_t stamp_ = 1;
};

}  // namespace riffle::serving
