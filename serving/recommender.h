// Answers a request: candidates, features, scores, exploration, diversification, reasons; one pass, one thread, no I/O but
// the shard's own rows. The result is a decision: all that was chosen, with exact propensities, and the bytes of its list.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "base/metrics.h"
#include "base/rng.h"
#include "features/catalogue.h"
#include "features/fresh_items.h"
#include "features/item_stats.h"
#include "features/options.h"
#include "learner/scorer.h"
#include "learner/sequence/encoder_snapshot.h"
#include "records/request.h"
#include "records/riffle.pb.h"
#include "serving/options.h"
#include "state/row_cache.h"

namespace riffle::serving {

// What a request is answered from. References live during the call.
struct ServingContext {
  Partition shard;
  const records::UserRow* user = nullptr;                  // null: nobody knows him
  state::RowCache<records::ItemRow>* items = nullptr;      // the shard's own, live
  // The items whose live rows may be ahead of their parts in `stats`; null: any may be. Only their rows are looked at.
  const features::FreshItems* fresh = nullptr;
  const features::ItemStatsSnapshot* stats = nullptr;
  const features::Catalogue* catalogue = nullptr;
  const learner::PolicyVersion* policy = nullptr;
  const PolicyOptions* options = nullptr;
  const learner::EncoderSnapshot* encoder = nullptr;       // of users' histories; null: none runs, or none has come
  bool log_user = false;                                   // another policy of the worker learns from users' features
  TimePoint now{};                                         // dates the list
  std::uint64_t ordinal = 0;                               // of the user's decisions
  bool hurry = false;                                      // short of time: popular items only, and it says so
  std::vector<std::string> degraded;                       // what the caller knows already ("events_lag", …)
  std::vector<std::pair<std::string, std::int64_t>> as_of;
  std::string_view origin;                                 // "topic/partition/offset" of the request
  std::uint64_t request_hash = 0;
  std::string_view traceparent;
};

class Recommender {
 public:
  Recommender(const ServingOptions& options, const features::RowOptions& rows, Metrics& metrics);
  ~Recommender();

  // Always a decision: fewer slots than asked where there are not enough items (degraded: "short"), none where there is
  // nothing at all ("empty"). `recommendation_id` and `list` are filled in. `took` is measured by the caller's stopwatch, so that
  // this function reads no clock: it is called once, when the list is encoded. Valid until the next call.
  const pb::Decision& recommend(const records::Request& request, const ServingContext& context, Rng& rng,
                                const std::function<double()>& took_ms);
  // The last decision's bytes: parsed, they are equal to it. Likewise valid until the next call.
  std::string_view encoded() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace riffle::serving
