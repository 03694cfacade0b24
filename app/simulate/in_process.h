// A Riffle without a bus, a thread or a disk, for simulations: the code that a shard and the learner's loop run (rows, joiner,
// candidates, features, scores, exploration, slate; trainer), called one after the other, in memory. What a shard adds, the
// journal, epochs and admission, is left out. A seed decides what is drawn; equal calls give equal lists.
//
// Item statistics and the catalogue are taken over every kRefresh events, and a new version is served every kPublish lists: a
// worker does both a few times a second. The learner reads every outcome at once, in order; the encoder, where one is configured, every
// event, and its versions are served by the simulated time as a worker's by the clock. One thread.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "config/config.h"
#include "learner/trainer.h"
#include "records/item.h"
#include "records/json_codec.h"
#include "records/request.h"
#include "serving/options.h"
#include "simulation/population.h"

namespace riffle::app {

class InProcess {
 public:
  static constexpr std::uint64_t kRefresh = 256;
  static constexpr std::uint64_t kPublish = 64;

  // Everybody gets `policy`. The learner's options, rows, joins and serving are the configuration's; the simulated surface
  // sends impressions. What make_trainer() says where there is no such scorer, or no network module.
  static absl::StatusOr<std::unique_ptr<InProcess>> create(const config::Config& config, const serving::PolicyOptions& policy,
                                                           std::uint64_t seed);
  ~InProcess();

  void add(const records::Item& item, TimePoint at);
  // Left out where its bytes are no event; a second copy changes nothing.
  void on_event(const simulation::EventRecord& event);
  records::Recommendation list(const records::Request& request);

  const learner::Trainer* trainer() const;     // null: the scorer does not learn
  // Of the last list: its user's segment, and the diversity weight that it was made with.
  std::string_view segment() const;
  double diversity() const;
  std::uint64_t outcomes() const;

 private:
  struct Impl;
  explicit InProcess(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace riffle::app
