#include "pipeline/world_feed.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/thread_priority.h"
#include "ingest/dead_letter_record.h"
#include "pipeline/epoch.h"
#include "records/proto_codec.h"

namespace riffle::pipeline {

using Steady = std::chrono::steady_clock;

WorldFeed::WorldFeed(std::unique_ptr<bus::Source> source, bus::Sink* dead_letters, Options options,
                     AdoptedPolicies policies, Metrics& metrics)
    : options_(std::move(options)),
      source_(std::move(source)),
      dead_letters_(dead_letters),
      metrics_(metrics),
      catalogue_items_(metrics.gauge("riffle_catalogue_items", "Items in the catalogue")),
      stats_items_(metrics.gauge("riffle_statistics_items", "Items with merged statistics")),
      admission_(options_.admission, 1),
      stats_(options_.rows),
      policies_(std::move(policies)) {}

absl::StatusOr<std::unique_ptr<WorldFeed>> WorldFeed::start(bus::Bus& bus, bus::Sink* dead_letters, Options options,
                                                            Metrics& metrics) {
  RIFFLE_ASSIGN_OR_RETURN(auto source, bus.make_source({.group = options.group}));
  RIFFLE_ASSIGN_OR_RETURN(auto policies, AdoptedPolicies::create(options.policies, options.learner));
  std::unique_ptr<WorldFeed> feed(
      new WorldFeed(std::move(source), dead_letters, std::move(options), std::move(policies), metrics));
  RIFFLE_RETURN_IF_ERROR(feed->find_topics(bus));
  feed->publish(Steady::now(), true);
  feed->thread_ = std::thread([raw = feed.get()] { raw->run(); });
  return feed;
}

WorldFeed::~WorldFeed() {
  stopping_ = true;
  source_->wake();
  if (thread_.joinable()) thread_.join();
}

absl::Status WorldFeed::status() const {
  absl::MutexLock lock(&mutex_);
  return status_;
}

absl::Status WorldFeed::find_topics(bus::Bus& bus) {
  for (const std::string* topic : {&options_.topics.items, &options_.topics.item_stats, &options_.topics.policy}) {
    RIFFLE_ASSIGN_OR_RETURN(const auto info, bus.describe(*topic));
    if (!info) {
      return fatal_error(absl::StatusCode::kNotFound,
                         absl::StrCat("topic ", *topic, " does not exist; make it with `riffle topics create`"));
    }
    if (topic == &options_.topics.item_stats) {
      shards_ = info->partitions;
      continue;  // read once it is known whose
    }
    for (std::int32_t p = 0; p < info->partitions; ++p) {
      const bus::TopicPartition where{*topic, Partition(p)};
      reading_[where] = bus::kEarliest;
      not_ended_.push_back(where);
      if (topic != &options_.topics.items) continue;
      RIFFLE_ASSIGN_OR_RETURN(const auto told, source_->committed(where));
      told_[Partition(p)] = told.value_or(Offset(0));
    }
  }
  return assign();
}

absl::Status WorldFeed::assign() {
  std::vector<bus::Position> positions;
  for (const auto& [where, next] : reading_) positions.push_back({where, next});
  return source_->assign(positions);
}

void WorldFeed::take(Statistics own) {
  {
    absl::MutexLock lock(&mutex_);
    own_.push_back(std::move(own));
  }
  source_->wake();
}

void WorldFeed::read_others(std::set<Partition> own) {
  {
    absl::MutexLock lock(&mutex_);
    new_own_shards_ = std::move(own);
  }
  source_->wake();
}

absl::Status WorldFeed::change_others() {
  std::optional<std::set<Partition>> own;
  {
    absl::MutexLock lock(&mutex_);
    own.swap(new_own_shards_);
  }
  if (!own) return absl::OkStatus();
  others_known_ = true;
  bool changed = false;
  for (std::int32_t p = 0; p < shards_; ++p) {
    const bus::TopicPartition where{options_.topics.item_stats, Partition(p)};
    if (own->contains(where.partition)) {
      changed |= reading_.erase(where) > 0;
      std::erase(not_ended_, where);
    } else if (reading_.try_emplace(where, bus::kEarliest).second) {
      not_ended_.push_back(where);
      changed = true;
    }
  }
  return changed ? assign() : absl::OkStatus();
}

void WorldFeed::take_own() {
  std::vector<Statistics> own;
  {
    absl::MutexLock lock(&mutex_);
    own.swap(own_);
  }
  for (Statistics& statistics : own) {
    const records::ItemStatsHead& head = statistics.head;
    for (auto& row : statistics.items) update_stats(head, std::move(row));
    if (!statistics.whole) continue;
    stats_.heard(head.shard, head.generation, head.epoch);
    stats_changed_ = true;
  }
}

void WorldFeed::run() {
  give_way();
  while (!stopping_) {
    if (const absl::Status status = change_others(); !status.ok()) return fail(status);
    auto batch = source_->poll(5000, std::chrono::milliseconds(100));
    if (!batch.ok() || !batch->errors.empty()) return fail(batch.ok() ? batch->errors.front().status : batch.status());
    for (const bus::Record& record : batch->records) apply(record);
    commit_told();
    for (const bus::TopicPartition& end : batch->ends) std::erase(not_ended_, end);
    take_own();
    const bool first = !ready_ && others_known_ && not_ended_.empty();
    if (ready_ || first) publish(Steady::now(), first);
    if (first) {
      log::info("the catalogue has {} items, statistics of {} items are known", newest_.catalogue->items.size(),
                newest_.stats->items.size());
      ready_ = true;
    }
  }
}

void WorldFeed::fail(const absl::Status& status) {
  log::error("the worker no longer reads items, item statistics and policies: {}", status.ToString());
  absl::MutexLock lock(&mutex_);
  status_ = status;
}

void WorldFeed::apply(const bus::Record& record) {
  if (const auto it = reading_.find({std::string(record.topic), record.partition}); it != reading_.end())
    it->second = next(record.offset);
  if (record.topic == options_.topics.items) return apply_item(record);
  if (record.topic == options_.topics.item_stats) return apply_stats(record);
  apply_policy(record);
}

void WorldFeed::apply_item(const bus::Record& record) {
  records::Item item;
  auto reason = admission_.admit_item(record, item);
  catalogue_.set_next_offset(record.offset.value() + 1);
  if (!reason && !record.value) {
    catalogue_.erase(ItemId(*record.key));
  } else if (!reason && !catalogue_.upsert(item, record.timestamp)) {
    reason = records::Reason{records::Code::kIdCollision,
                             absl::StrCat("item_id \"", item.item_id.str(),
                                          "\" has the same 64-bit key as another item's; rename one of them")};
  }
  catalogue_changed_ = true;
  Offset& told = told_[record.partition];
  if (record.offset < told) return;
  if (reason) tell_refused(record, *reason);
  told = next(record.offset);
  told_changed_ = true;
}

void WorldFeed::tell_refused(const bus::Record& record, const records::Reason& reason) {
  metrics_
      .counter("riffle_dead_letters_total", "Records refused, by reason",
               {{"code", std::string(records::code_name(reason.code))}})
      .Increment();
  const ingest::OwnedRecord out = ingest::dead_letter(record, reason, options_.topics.dead_letters);
  const auto ticket = dead_letters_->send(out.record());
  if (ticket.ok()) {
    told_ticket_ = *ticket;
  } else {
    log::error("a refused item could not be written to {}: {}", out.topic, ticket.status().ToString());
  }
}

// A failure costs nothing but that refusals are told again.
void WorldFeed::commit_told() {
  if (!told_changed_ || dead_letters_->acknowledged() < told_ticket_) return;
  std::vector<bus::Position> positions;
  for (const auto& [partition, offset] : told_) positions.push_back({{options_.topics.items, partition}, offset});
  (void)source_->commit(positions);
  told_changed_ = false;
}

void WorldFeed::apply_stats(const bus::Record& record) {
  if (!record.value) return;
  records::ItemStatsHead head;
  auto row = std::make_shared<records::ItemRow>();
  if (const absl::Status status = records::decode_item_stats(*record.value, head, *row); !status.ok()) {
    log::warn("{}/{}/{} is not a record of item statistics: left out", record.topic, record.partition.value(),
              record.offset.value());
    return;
  }
  update_stats(head, std::move(row));
}

void WorldFeed::update_stats(const records::ItemStatsHead& head, std::shared_ptr<const records::ItemRow> row) {
  const ItemKey key = key_of(row->item_id);
  stats_changed_ |= stats_.update(key, {head.shard, head.generation, head.epoch, std::move(row)});
}

void WorldFeed::apply_policy(const bus::Record& record) {
  if (!record.key) return;
  if (const absl::Status status = policies_.apply(*record.key, record.value); !status.ok()) {
    log::warn("{}: {}", record.topic, status.ToString());
  }
  policies_changed_ = true;
}

void WorldFeed::adopt_policies() {
  policies_.adopt();
  for (const auto& [policy, version] : policies_.policies().versions)
    metrics_
        .gauge("riffle_policy_version", "Version of each policy that lists are made with", {{"policy", policy.str()}})
        .Set(static_cast<double>(version.version));
  if (const auto& encoder = policies_.policies().encoder)
    metrics_
        .gauge("riffle_policy_version", "Version of each policy that lists are made with", {{"policy", std::string(learner::kEncoderId)}})
        .Set(static_cast<double>(encoder->version()));
}

void WorldFeed::publish(Steady::time_point now, bool all) {
  bool changed = false;
  if (catalogue_changed_ || all) {
    newest_.catalogue = catalogue_.snapshot();
    catalogue_items_.Set(static_cast<double>(newest_.catalogue->items.size()));
    catalogue_changed_ = false;
    changed = true;
  }
  if (all || (stats_changed_ && now - stats_published_ >= options_.stats_interval)) {
    newest_.stats = stats_.snapshot();
    stats_items_.Set(static_cast<double>(newest_.stats->items.size()));
    stats_changed_ = false;
    stats_published_ = now;
    changed = true;
  }
  if (policies_changed_ || all) {
    adopt_policies();
    newest_.policies = std::make_shared<const PolicySet>(policies_.policies());
    policies_changed_ = false;
    changed = true;
  }
  if (!changed) return;
  retired_.push_back(world_.get());
  world_.set(std::make_shared<const World>(newest_));
  std::erase_if(retired_, [](const auto& world) { return world.use_count() == 1; });
}

}  // namespace riffle::pipeline
