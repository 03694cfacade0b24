// A hash map whose copy costs little: 1,024 chunks behind shared pointers. Readers hold an immutable map; the one writer
// edits its own copy, which clones only the chunks it touches. For what a worker knows globally (catalogue, merged item
// statistics): read by every shard, changed in small parts a few times a second.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/hash/hash.h"

namespace riffle {

template <class Key, class Value>
class ChunkedMap {
 public:
  ChunkedMap() = default;
  // A copy shares every chunk until either side edits it.
  ChunkedMap(const ChunkedMap& other) : chunks_(other.chunks_), size_(other.size_) {}
  ChunkedMap& operator=(const ChunkedMap&) = delete;

  // Null where there is none. Valid while this map (or a copy that shares the chunk) lives and the key is not edited.
  const Value* find(const Key& key) const {
    const auto& chunk = chunks_[index(key)];
    if (!chunk) return nullptr;
    const auto it = chunk->find(key);
    return it == chunk->end() ? nullptr : &it->second;
  }

  // Tells the processor that find() will follow: chunks lie far apart in memory.
  void prefetch(const Key& key) const {
    if (const auto& chunk = chunks_[index(key)]) chunk->prefetch(key);
  }

  // The value to edit, made by default where there is none.
  Value& edit(const Key& key) {
    auto [it, inserted] = own(index(key)).try_emplace(key);
    size_ += inserted;
    return it->second;
  }

  bool erase(const Key& key) {
    if (!find(key)) return false;
    own(index(key)).erase(key);
    --size_;
    return true;
  }

  std::size_t size() const { return size_; }

  template <class F>
  void for_each(F&& f) const {
    for (const auto& chunk : chunks_)
      if (chunk)
        for (const auto& [key, value] : *chunk) f(key, value);
  }

 private:
  using Chunk = absl::flat_hash_map<Key, Value>;
  static constexpr std::size_t kChunks = 1024;

  static std::size_t index(const Key& key) { return (absl::Hash<Key>()(key) >> 17) % kChunks; }

  Chunk& own(std::size_t i) {
    auto& chunk = chunks_[i];
    if (!chunk) {
      chunk = std::make_shared<Chunk>();
    } else if (chunk.use_count() > 1) {
      chunk = std::make_shared<Chunk>(*chunk);
    }
    return *chunk;
  }

  std::array<std::shared_ptr<Chunk>, kChunks> chunks_;
  std::size_t size_ = 0;
};

}  // namespace riffle
