// Hot rows, decoded, in bounded RAM, over a column of the store. The apply thread reads and edits; at an epoch's end the
// dirty rows are frozen and a writer thread encodes and commits them while the next epoch goes on: a row that is edited
// again before its frozen version is committed is copied first.
//
//   UserRow& row = users.edit("u1");          // from RAM, else from the store, else made
//   FrozenRows frozen = users.freeze();       // apply thread
//   frozen.append_to(batch);                  // writer thread: encodes
//   users.committed();                        // apply thread, once the batch is in the store: rows may be evicted
//
// A row that is dirty or frozen is never evicted; beyond `max_rows` clean ones go by second chance, and only inside
// trim(), which the shard calls between micro-batches. Store errors: edit() and find() answer nullptr and status() keeps the first cause; the shard stops.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "state/store.h"

namespace riffle::state {

// Row needs: records::encode(const Row&, std::string&), records::decode(std::string_view, Row&), copy.
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

  // The row to read, or null where there is none. Pointers stay valid until trim(), or until the same key is edited.
  const Row* find(std::string_view key);
  // The row to edit, made by default where there is none; it is dirty from now on. Null only after a store error.
  Row* edit(std::string_view key);
  void erase(std::string_view key);
  // Brings missing rows in with one multi_get, so that find and edit do not wait for the disk.
  void prefetch(const std::vector<std::string_view>& keys);

  FrozenRows freeze();   // at most one frozen set at a time
  void committed();      // the frozen set is in the store
  void trim();           // evicts clean rows beyond max_rows

  const absl::Status& status() const { return status_; }
  std::size_t size() const { return entries_.size(); }
  std::size_t dirty() const { return dirty_.size(); }

 private:
  struct Entry {
    std::shared_ptr<Row> row;   // null: known not to exist
    bool dirty = false;
    bool frozen = false;
    bool touched = false;       // second chance
  };
  Entry* load(std::string_view key);
  Entry& insert(std::string_view key, std::shared_ptr<Row> row);

  const Store* store_;
  Column column_;
  std::size_t max_rows_;
  absl::flat_hash_map<std::string, Entry> entries_;
  std::vector<std::string> dirty_;
  std::vector<std::string> frozen_;
  std::vector<std::string> clock_;   // keys in the order of the hand
  std::size_t hand_ = 0;
  absl::Status status_;
};

}  // namespace riffle::state
