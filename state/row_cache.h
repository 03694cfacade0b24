// Hot rows, decoded, in bounded RAM, over a column of the store. The apply thread reads and edits;
// at an epoch's end the dirty rows are frozen and a writer thread encodes and commits them while
// the next epoch goes on: a row that is edited again before its frozen version is committed is
// copied first.
//
//   UserRow& row = *users.edit("u1");         // from RAM, else from the store, else made
//   auto frozen = users.freeze();             // apply thread
//   frozen.append_to(batch);                  // writer thread: encodes
//   users.committed();                        // apply thread, once the batch is in the store
//
// Rows. What find() answers may be read until trim(); it shows later edits of the row unless a
// freeze came between. What edit() answers may be written until freeze() or trim(), whichever comes
// first.
//
// Bounds. A row that is dirty or frozen is never evicted; beyond `max_rows` the clean ones (and the
// keys known to have no row) go by second chance, and only inside trim(), which the shard calls
// between micro-batches.
//
// Errors. After a store error, or a row that cannot be decoded, find() and edit() answer null for
// every key that is not in RAM, nothing more is read, and status() keeps the first cause: the shard
// stops.
//
// Threads. One thread owns the cache. Only FrozenRows may move to another; whoever calls
// committed() has been told by that thread that it is done with them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "base/check.h"
#include "base/hash.h"
#include "state/store.h"

namespace riffle::state {

namespace internal {
absl::Status unreadable_row(Column column, std::string_view key, const absl::Status& cause);
}  // namespace internal

// Row needs a copy, and beside its type (found there by its name alone): encode(const Row&,
// std::string&), which replaces the string, and absl::Status decode(std::string_view, Row&).
template <class Row>
class RowCache {
 public:
  class FrozenRows {
   public:
    bool empty() const { return rows_.empty(); }
    std::size_t size() const { return rows_.size(); }
    // Any thread. Sorted by key, so that equal rows give equal batches.
    void append_to(WriteBatch& batch) const;

   private:
    friend class RowCache;
    Column column_{};
    std::vector<std::pair<std::string, std::shared_ptr<const Row>>> rows_;  // null: erased
  };

  RowCache(const Store* store, Column column, std::size_t max_rows)
      : store_(store), column_(column), max_rows_(max_rows) {}
  RowCache(const RowCache&) = delete;
  RowCache& operator=(const RowCache&) = delete;

  // The row to read, or null where there is none.
  const Row* find(std::string_view key);
  // The row to edit, made by default where there is none; it is dirty from now on. Null only after
  // a store error.
  Row* edit(std::string_view key);
  void erase(std::string_view key);
  // What the caller knows: the store has no row of this key. A key that is in RAM stays as it is; else the store is not asked.
  void known_absent(std::string_view key);
  // A row that the store has, or will have before the next trim(), so that it need not be read back
  // from there. It is decoded when it is asked for. The bytes as they are kept: valid until trim().
  std::string_view put_encoded(std::string_view key, std::string bytes);
  // Brings missing rows in with one multi_get, so that find and edit do not wait for the disk.
  void prefetch(const std::vector<std::string_view>& keys);

  FrozenRows freeze();  // at most one frozen set at a time, unless it is empty
  void committed();     // the frozen set is in the store
  // The row as the frozen set has it, which nothing changes any more; null where it is not in the set.
  std::shared_ptr<const Row> frozen_row(std::string_view key) const;
  void trim();  // evicts clean rows beyond max_rows; ends the life of every pointer handed out

  // Raised by whatever ends the life of a pointer to a row, or lets an edit make another one of it: while it stays the same,
  // a row that find() answered need not be looked for again.
  std::uint64_t generation() const { return generation_; }
  const absl::Status& status() const { return status_; }
  std::size_t size() const { return entries_.size(); }
  std::uint64_t reads() const { return reads_; }  // rows that the store had and the cache had not
  std::size_t dirty() const { return dirty_.size(); }
  std::size_t frozen() const { return frozen_.size(); }

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<Row> row;  // null: known not to exist, or encoded
    std::unique_ptr<std::string> encoded;  // null: there is nothing to decode
    bool dirty = false;
    bool frozen = false;  // and not dirty: `row` is shared with the frozen set
    bool touched = true;  // second chance
    bool in_clock = true;
  };
  // The hash lies beside the pointer: a growing table moves its slots without a cache miss for each
  // entry.
  struct Slot {
    std::uint64_t hash;
    std::unique_ptr<Entry> entry;
  };
  struct Probe {
    explicit Probe(std::string_view k) : hash(stable_hash(k)), key(k) {}
    std::uint64_t hash;
    std::string_view key;
  };
  struct SlotHash {
    using is_transparent = void;
    std::size_t operator()(const Slot& slot) const { return slot.hash; }
    std::size_t operator()(const Probe& probe) const { return probe.hash; }
  };
  struct SlotEqual {
    using is_transparent = void;
    bool operator()(const Slot& a, const Slot& b) const {
      return a.hash == b.hash && a.entry->key == b.entry->key;
    }
    bool operator()(const Slot& a, const Probe& b) const {
      return a.hash == b.hash && a.entry->key == b.key;
    }
  };

  Entry* cached(const Probe& probe);
  Entry* load(std::string_view key);  // null after a store error
  Entry& insert(const Probe& probe, std::shared_ptr<Row> row);
  bool decode_entry(Entry& entry);  // false after an error
  // The row of the store's answer; false after an error.
  bool decode_row(std::string_view key, const std::optional<std::string>& bytes,
                  std::shared_ptr<Row>& row);
  void mark_dirty(Entry& entry);
  void leave_clock();  // the entry under the hand

  const Store* store_;
  Column column_;
  std::size_t max_rows_;
  absl::flat_hash_set<Slot, SlotHash, SlotEqual> entries_;
  std::vector<Entry*> dirty_;
  std::vector<Entry*> frozen_;
  // Every clean entry, and such as became dirty since the hand last met them.
  std::vector<Entry*> clock_;
  std::size_t hand_ = 0;
  // Replaced or erased, but find() may have handed them out: until trim().
  std::vector<std::shared_ptr<Row>> retired_;
  std::vector<std::unique_ptr<std::string>> retired_bytes_;  // likewise, of put_encoded()
  std::uint64_t reads_ = 0;
  std::uint64_t generation_ = 0;
  absl::Status status_;
};

template <class Row>
void RowCache<Row>::FrozenRows::append_to(WriteBatch& batch) const {
  std::vector<const std::pair<std::string, std::shared_ptr<const Row>>*> sorted;
  sorted.reserve(rows_.size());
  for (const auto& row : rows_) sorted.push_back(&row);
  std::sort(sorted.begin(), sorted.end(),
            [](const auto* a, const auto* b) { return a->first < b->first; });
  batch.reserve(sorted.size());
  std::string bytes;  // encoding wants room for the worst case: the batch keeps only what it needs
  for (const auto* row : sorted) {
    if (!row->second) {
      batch.erase(column_, row->first);
      continue;
    }
    encode(*row->second, bytes);
    batch.put(column_, row->first, std::string(bytes));
  }
}

template <class Row>
const Row* RowCache<Row>::find(std::string_view key) {
  const Entry* entry = load(key);
  return entry ? entry->row.get() : nullptr;
}

template <class Row>
Row* RowCache<Row>::edit(std::string_view key) {
  Entry* entry = load(key);
  if (!entry) return nullptr;
  if (!entry->row) {
    entry->row = std::make_shared<Row>();
  } else if (entry->frozen && !entry->dirty) {
    auto copy = std::make_shared<Row>(*entry->row);
    retired_.push_back(std::exchange(entry->row, std::move(copy)));
  }
  mark_dirty(*entry);
  return entry->row.get();
}

template <class Row>
void RowCache<Row>::erase(std::string_view key) {
  ++generation_;
  const Probe probe(key);
  Entry* entry = cached(probe);
  if (!entry) {
    // Whether the store has it does not matter: no need to read it.
    entry = &insert(probe, nullptr);
  } else if (entry->encoded) {
    retired_bytes_.push_back(std::move(entry->encoded));
  } else if (!entry->row) {
    return;  // known not to exist, or its erasure is on the way
  } else {
    retired_.push_back(std::move(entry->row));
    entry->row = nullptr;
  }
  mark_dirty(*entry);
}

template <class Row>
void RowCache<Row>::known_absent(std::string_view key) {
  const Probe probe(key);
  if (!cached(probe)) insert(probe, nullptr);
}

template <class Row>
std::string_view RowCache<Row>::put_encoded(std::string_view key, std::string bytes) {
  ++generation_;
  const Probe probe(key);
  Entry* entry = cached(probe);
  if (!entry) entry = &insert(probe, nullptr);
  RIFFLE_CHECK(!entry->dirty && !entry->frozen, "key", key);
  if (entry->row) retired_.push_back(std::exchange(entry->row, nullptr));
  if (entry->encoded) retired_bytes_.push_back(std::move(entry->encoded));
  entry->encoded = std::make_unique<std::string>(std::move(bytes));
  return *entry->encoded;
}

template <class Row>
void RowCache<Row>::prefetch(const std::vector<std::string_view>& keys) {
  std::vector<std::string_view> missing;
  for (const std::string_view key : keys)
    if (!cached(Probe(key))) missing.push_back(key);
  if (missing.empty() || !status_.ok()) return;
  std::sort(missing.begin(), missing.end());
  missing.erase(std::unique(missing.begin(), missing.end()), missing.end());

  const auto answers = store_->multi_get(column_, missing);
  if (!answers.ok()) {
    status_ = answers.status();
    return;
  }
  for (std::size_t i = 0; i < missing.size(); ++i) {
    std::shared_ptr<Row> row;
    if (!decode_row(missing[i], (*answers)[i], row)) return;
    insert(Probe(missing[i]), std::move(row));
  }
}

template <class Row>
typename RowCache<Row>::FrozenRows RowCache<Row>::freeze() {
  RIFFLE_CHECK(frozen_.empty(), "frozen rows that are not committed:", frozen_.size(), "column",
               name_of(column_));
  ++generation_;
  FrozenRows frozen;
  frozen.column_ = column_;
  frozen.rows_.reserve(dirty_.size());
  for (Entry* entry : dirty_) {
    frozen.rows_.emplace_back(entry->key, entry->row);
    entry->dirty = false;
    entry->frozen = true;
  }
  frozen_.swap(dirty_);
  return frozen;
}

template <class Row>
std::shared_ptr<const Row> RowCache<Row>::frozen_row(std::string_view key) const {
  const auto slot = entries_.find(Probe(key));
  if (slot == entries_.end() || !slot->entry->frozen || slot->entry->dirty) return nullptr;
  return slot->entry->row;
}

template <class Row>
void RowCache<Row>::committed() {
  for (Entry* entry : frozen_) {
    RIFFLE_CHECK(entry->frozen);
    entry->frozen = false;
    if (!entry->dirty && !entry->in_clock) {
      entry->in_clock = true;
      clock_.push_back(entry);
    }
  }
  frozen_.clear();
}

template <class Row>
void RowCache<Row>::trim() {
  ++generation_;
  retired_.clear();
  retired_bytes_.clear();
  // Each step evicts, takes a pinned row off the clock, or uses up a second chance: no row is
  // looked at in vain twice.
  while (entries_.size() > max_rows_ && !clock_.empty()) {
    if (hand_ >= clock_.size()) hand_ = 0;
    Entry* entry = clock_[hand_];
    if (entry->dirty || entry->frozen) {
      leave_clock();  // committed() brings it back
    } else if (entry->touched) {
      entry->touched = false;
      ++hand_;
    } else {
      leave_clock();
      const auto slot = entries_.find(Probe(entry->key));
      RIFFLE_CHECK(slot != entries_.end() && slot->entry.get() == entry);
      entries_.erase(slot);
    }
  }
}

template <class Row>
typename RowCache<Row>::Entry* RowCache<Row>::cached(const Probe& probe) {
  const auto slot = entries_.find(probe);
  if (slot == entries_.end()) return nullptr;
  slot->entry->touched = true;
  return slot->entry.get();
}

template <class Row>
typename RowCache<Row>::Entry* RowCache<Row>::load(std::string_view key) {
  const Probe probe(key);
  if (Entry* entry = cached(probe)) return decode_entry(*entry) ? entry : nullptr;
  if (!status_.ok()) return nullptr;
  const auto bytes = store_->get(column_, key);
  if (!bytes.ok()) {
    status_ = bytes.status();
    return nullptr;
  }
  std::shared_ptr<Row> row;
  if (!decode_row(key, *bytes, row)) return nullptr;
  return &insert(probe, std::move(row));
}

template <class Row>
bool RowCache<Row>::decode_entry(Entry& entry) {
  if (!entry.encoded) return true;
  auto row = std::make_shared<Row>();
  const absl::Status decoded = decode(std::string_view(*entry.encoded), *row);
  retired_bytes_.push_back(std::move(entry.encoded));
  if (decoded.ok()) {
    entry.row = std::move(row);
    return true;
  }
  status_ = internal::unreadable_row(column_, entry.key, decoded);
  return false;
}

template <class Row>
bool RowCache<Row>::decode_row(std::string_view key, const std::optional<std::string>& bytes,
                               std::shared_ptr<Row>& row) {
  if (!bytes) return true;
  ++reads_;
  row = std::make_shared<Row>();
  const absl::Status decoded = decode(std::string_view(*bytes), *row);
  if (decoded.ok()) return true;
  status_ = internal::unreadable_row(column_, key, decoded);
  return false;
}

template <class Row>
typename RowCache<Row>::Entry& RowCache<Row>::insert(const Probe& probe, std::shared_ptr<Row> row) {
  auto entry = std::make_unique<Entry>();
  entry->key = probe.key;
  entry->row = std::move(row);
  clock_.push_back(entry.get());
  Entry& inserted = *entry;
  entries_.insert(Slot{probe.hash, std::move(entry)});
  return inserted;
}

template <class Row>
void RowCache<Row>::mark_dirty(Entry& entry) {
  if (entry.dirty) return;
  entry.dirty = true;
  dirty_.push_back(&entry);
}

template <class Row>
void RowCache<Row>::leave_clock() {
  clock_[hand_]->in_clock = false;
  clock_[hand_] = clock_.back();
  clock_.pop_back();
}

}  // namespace riffle::state
