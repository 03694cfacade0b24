// The feature vector of (user, context, candidate): kFeatureCount named numbers, each scaled to about [-1, 1], which every
// scorer reads and every decision logs. The fingerprint names the specification: a learner and a server with different
// ones refuse each other (DESIGN §6).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/ids.h"
#include "base/time.h"
#include "features/catalogue.h"
#include "features/item_stats.h"
#include "features/options.h"
#include "records/rows.h"

namespace riffle::features {

constexpr std::size_t kFeatureCount = 32;

struct FeatureSpec {
  std::string_view name;
  std::string_view meaning;
};
std::span<const FeatureSpec, kFeatureCount> feature_specs();
std::uint64_t feature_fingerprint();  // of the names and of kFeatureVersion, raised whenever a meaning changes

// Index of `popularity`, which the scorer of that name ranks by.
std::size_t feature_index(std::string_view name);  // checks that it exists

// What is the same for all candidates of a request; made once.
struct UserContext {
  const records::UserRow* row = nullptr;     // null: a user nobody knows
  TimePoint now{};
  std::string segment;                       // of the user: see user_segment()
  absl::flat_hash_map<CategoryKey, float> category_share;   // of his decayed weights, every prefix of the paths
  absl::flat_hash_map<std::uint64_t, float> brand_share;
  absl::flat_hash_map<ItemKey, float> own_weight;           // decayed weights of his history
  absl::flat_hash_map<ItemKey, std::int64_t> last_time;
  absl::flat_hash_map<ItemKey, float> shown;                // decayed impressions without a click since
  absl::flat_hash_map<CategoryKey, float> category_shown;   // decayed impressions a category
  float mean_log_price = 0;
  bool has_price = false;
  float activity = 0;                        // decayed
};
UserContext make_user_context(const records::UserRow* row, const Catalogue& catalogue, TimePoint now,
                              const RowOptions& options);

// A coarse, stable name of the user's state for tabular learning: activity level × dominant top category.
std::string user_segment(const UserContext& context, const Catalogue& catalogue);

// What candidate sources found out about an item, as features.
struct SourceSignals {
  float together = 0;                        // co-visitation score with the user's recent items
  float next = 0;                            // sequential score
};

// Writes kFeatureCount numbers. Finite for any input: non-finite ones become 0.
void compute_features(const UserContext& user, const ItemSignals& item, const CatalogueItem* catalogue,
                      const SourceSignals& sources, std::span<float, kFeatureCount> out);

}  // namespace riffle::features
