// The catalogue as every shard reads it: an immutable snapshot, joined at read time. One thread of a worker keeps it
// (CatalogueBuilder) from the `items` topic and publishes copies.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/container/inlined_vector.h"
#include "absl/types/span.h"
#include "base/chunked_map.h"
#include "base/ids.h"
#include "base/time.h"
#include "records/item.h"

namespace riffle::features {

// The parts of the unit vectors whose Gram matrix is the diversity kernel S (DESIGN §6): category path, brand, hashed
// title. Each part is a unit vector scaled by the square root of its share, so that the dot product of two items is the
// weighted mean of the parts' cosines, in [0,1] for equal parts. A part that the item does not have gives its share to the
// others; an item with none of them gets a direction of its own, so that it is like itself and like nothing else.
constexpr std::size_t kKernelDimension = 64;
using KernelVector = std::array<float, kKernelDimension>;

struct CatalogueItem {
  std::shared_ptr<const records::Item> item;
  CategoryKey category;                     // whole path; 0: none
  absl::InlinedVector<CategoryKey, 4> path; // every prefix of the path, from the top
  std::uint64_t brand = 0;                  // hash; 0: none
  float log_price = 0;                      // ln(1 + price); 0 where unknown
  bool has_price = false;
  bool available = true;                    // stock is unknown or above 0
  std::int64_t published_ms = 0;            // 0: unknown
  std::int64_t known_since_ms = 0;          // record time of the first upsert
  KernelVector kernel{};
  std::vector<std::uint64_t> title_words;   // hashes of its title's tokens, sorted, each once
};

struct Catalogue {
  ChunkedMap<ItemKey, CatalogueItem> items;
  std::vector<ItemKey> newest;              // available items by published_at (else known_since), newest first, bounded
  std::int64_t next_offset = 0;             // of the items topic, partition 0 (for as_of)
  std::uint64_t version = 0;                // raised by every snapshot
};

// Not thread-safe: one thread upserts and takes snapshots.
class CatalogueBuilder {
 public:
  // Another id with the same key is refused: false.
  bool upsert(const records::Item& item, TimePoint record_time);
  void erase(const ItemId& id);
  void set_next_offset(std::int64_t offset);
  std::shared_ptr<const Catalogue> snapshot();

 private:
  using Dated = std::pair<std::int64_t, ItemKey>;  // minus its time, so that the newest come first

  Catalogue current_;
  absl::btree_set<Dated> by_age_;                 // available items
  bool newest_stale_ = true;
};

CatalogueItem make_catalogue_item(const records::Item& item, TimePoint record_time);

// The key of a category path; 0 for an empty one. Empty names in a path are skipped.
CategoryKey category_key(absl::Span<const std::string> path);

// The kernel vector by itself, and that of an item of which only the key is known.
KernelVector make_kernel_vector(const records::Item& item);
KernelVector unknown_kernel_vector(ItemKey key);

// The dot product, cut to [0,1]: the weighted mean of the parts' cosines, 1 for twins.
float kernel_similarity(const KernelVector& a, const KernelVector& b);

}  // namespace riffle::features
