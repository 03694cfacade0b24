// What if, over a bus: the shards' journals, merged by the log's time.
#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/hash.h"
#include "features/event_types.h"
#include "records/proto_codec.h"
#include "replay/journal_log.h"
#include "replay/learned_world.h"
#include "replay/logged_decisions.h"
#include "replay/run_records.h"
#include "replay/what_if.h"
#include "replay/what_if_epoch.h"

namespace riffle::replay {
namespace {

constexpr std::uint64_t kEntriesBetweenNews = 200;

// A shard and the journal entry that it applies next.
struct Lane {
  Lane(bus::Bus& bus, Partition shard, const WhatIfOptions& options)
      : id(shard), runs(bus, options.shard->topics, shard, options.until), epochs(options.epoch) {}

  const Partition id;
  RunRecords runs;
  std::optional<JournalLog> journal;
  std::optional<LoggedDecisions> decisions;
  std::unique_ptr<pipeline::Shard> shard;
  const pb::JournalEntry* entry = nullptr;  // null: it is over
  TimePoint time{};                         // of the entry: record time of its first record, else as before
  EpochClock epochs;
};

class BusReplay {
 public:
  BusReplay(bus::Bus& bus, const WhatIfOptions& options, Metrics& metrics, WhatIfFigures& figures)
      : bus_(bus), options_(options), metrics_(metrics), figures_(figures) {}

  absl::Status run() {
    RIFFLE_RETURN_IF_ERROR(open());
    for (std::uint64_t n = 1;; ++n) {
      Lane* first = nullptr;
      for (const auto& lane : lanes_)
        if (lane->entry && (!first || lane->time < first->time)) first = lane.get();
      if (!first) break;
      RIFFLE_RETURN_IF_ERROR(step(*first));
      if (cancelled_ || (n % kEntriesBetweenNews == 0 && options_.progress && !options_.progress(figures_, fraction())))
        return absl::CancelledError("interrupted");
    }
    for (const auto& lane : lanes_) RIFFLE_RETURN_IF_ERROR(commit(*lane));
    tell_learned();
    return absl::OkStatus();
  }

 private:
  absl::Status open() {
    const bus::TopicNames& topics = options_.shard->topics;
    RIFFLE_ASSIGN_OR_RETURN(const auto epochs, bus_.describe(topics.epochs));
    RIFFLE_ASSIGN_OR_RETURN(const auto items, bus_.describe(topics.items));
    RIFFLE_ASSIGN_OR_RETURN(const auto events, bus_.describe(topics.events));
    for (const auto& [info, topic] :
         {std::pair(&epochs, &topics.epochs), {&items, &topics.items}, {&events, &topics.events}})
      if (!*info)
        return fatal_error(absl::StatusCode::kNotFound,
                           absl::StrCat("there is no topic ", *topic,
                                        ": is it another namespace (topics.prefix), or has "
                                        "`riffle run` never been here?"));
    RIFFLE_ASSIGN_OR_RETURN(
        world_, LearnedWorld::create(*options_.shard, options_.learner, (*events).partitions, metrics_));
    for (std::int32_t p = 0; p < (*items).partitions; ++p) {
      RIFFLE_ASSIGN_OR_RETURN(auto reader, PartitionReader::open(bus_, {topics.items, Partition(p)}, bus::kEarliest));
      items_.push_back(std::move(reader));
    }
    for (std::int32_t p = 0; p < (*epochs).partitions; ++p)
      RIFFLE_RETURN_IF_ERROR(open_lane(Partition(p), (*events).partitions));
    return absl::OkStatus();
  }

  absl::Status open_lane(Partition id, std::int32_t partitions) {
    const bus::TopicNames& topics = options_.shard->topics;
    auto lane = std::make_unique<Lane>(bus_, id, options_);
    RIFFLE_ASSIGN_OR_RETURN(auto journal, JournalLog::open(bus_, {topics.epochs, id}));
    if (journal.last_number() == 0) return absl::OkStatus();
    lane->journal.emplace(std::move(journal));
    const Milliseconds window = features::EventTypes(options_.shard->rows.types).longest_window();
    RIFFLE_ASSIGN_OR_RETURN(auto decisions,
                            LoggedDecisions::open(bus_, {topics.outcomes, id}, lane->journal->generation(), window));
    lane->decisions.emplace(std::move(decisions));
    pipeline::ShardSetup setup;
    setup.shard = id;
    setup.partitions = partitions;
    RIFFLE_ASSIGN_OR_RETURN(setup.cluster_id, bus_.cluster_id());
    RIFFLE_ASSIGN_OR_RETURN(setup.store, options_.make_store(id));
    setup.options = options_.shard;
    setup.metrics = &metrics_;
    setup.new_generation = lane->journal->generation();
    RIFFLE_ASSIGN_OR_RETURN(lane->shard, pipeline::Shard::open(std::move(setup)));
    RIFFLE_RETURN_IF_ERROR(advance(*lane));
    lanes_.push_back(std::move(lane));
    return absl::OkStatus();
  }

  absl::Status advance(Lane& lane) {
    lane.entry = nullptr;
    if (lane.runs.past_end()) return absl::OkStatus();
    RIFFLE_ASSIGN_OR_RETURN(const pb::JournalEntry* entry, lane.journal->next());
    if (!entry) return absl::OkStatus();
    RIFFLE_RETURN_IF_ERROR(lane.runs.read(*entry));
    figures_.stopped_by_time |= lane.runs.past_end();
    std::optional<TimePoint> first;
    for (const auto& records : lane.runs.records())
      if (!records.empty()) first = first ? std::min(*first, records.front().timestamp) : records.front().timestamp;
    lane.time = std::max(lane.time, first.value_or(lane.time));
    lane.entry = entry;
    return absl::OkStatus();
  }

  absl::Status step(Lane& lane) {
    const auto& records = lane.runs.records();
    RIFFLE_RETURN_IF_ERROR(read_items(lane.time));
    for (const bus::Record& event : records[static_cast<std::size_t>(pipeline::Input::kEvents)]) world_->event(event);
    pipeline::MicroBatch now;
    now.world = world_->at(lane.time);
    now.seed = options_.seed ^ (lane.entry->number() * 0x9E3779B97F4A7C15ULL) ^
               (static_cast<std::uint64_t>(lane.id.value()) << 48);
    const auto& requests = records[static_cast<std::size_t>(pipeline::Input::kRequests)];
    if (!requests.empty()) now.wall = requests.front().timestamp;  // none is in a hurry
    bool told = false;
    std::uint64_t asked = 0;
    const pipeline::Shard::Logged logged{
        .decision_of = [&](const pb::Pin& pin, TimePoint decided) -> absl::StatusOr<std::optional<pb::Decision>> {
          RIFFLE_ASSIGN_OR_RETURN(auto found, lane.decisions->find(pin.recommendation_id(), decided));
          told = found.has_value();
          return found;
        },
        .world = &now,
        .answered =
            [&](const pb::Decision& anew, const pb::Decision& before) {
              ++asked;
              if (!options_.user.empty() && anew.user_id() != options_.user) return;
              figures_.untold += told ? 0 : 1;
              tell(anew, told ? &before : nullptr, *now.world.catalogue);
            },
    };
    pb::JournalEntry cut = *lane.entry;
    if (lane.runs.past_end()) cut.set_tick_ms(0);  // it lies after the end
    RIFFLE_RETURN_IF_ERROR(lane.shard->replay(cut, records, logged));
    figures_.events += records[static_cast<std::size_t>(pipeline::Input::kEvents)].size();
    figures_.users += records[static_cast<std::size_t>(pipeline::Input::kUsers)].size();
    figures_.requests += requests.size();
    figures_.not_asked += requests.size() - asked;
    if (lane.epochs.due(lane.time, *lane.shard)) RIFFLE_RETURN_IF_ERROR(commit(lane));
    return advance(lane);
  }

  void tell(const pb::Decision& anew, const pb::Decision* logged, const features::Catalogue& catalogue) {
    if (options_.told && !options_.told(anew.list())) cancelled_ = true;
    const auto list = records::decode_recommendation(anew.list());
    if (!list.ok()) return;  // it is our own
    std::optional<std::vector<ItemKey>> items;
    if (logged) {
      items.emplace();
      for (const pb::Slot& slot : logged->slots()) items->push_back(ItemKey(slot.item_key()));
    }
    figures_.lists.add(*list, catalogue, items);
  }

  absl::Status read_items(TimePoint until) {
    for (PartitionReader& reader : items_) {
      while (true) {
        RIFFLE_ASSIGN_OR_RETURN(const bus::Record* record, reader.peek());
        if (!record || record->timestamp > until) break;
        ++(world_->item(*record) ? figures_.items : figures_.items_refused);
        RIFFLE_RETURN_IF_ERROR(reader.next().status());
      }
    }
    return absl::OkStatus();
  }

  absl::Status commit(Lane& lane) {
    return commit_epoch(*lane.shard, lane.epochs.end(lane.time), *options_.shard, *world_, figures_);
  }

  void tell_learned() {
    figures_.outcomes = world_->outcomes();
    figures_.foreign_outcomes = world_->foreign_outcomes();
  }

  double fraction() const {
    double sum = 0;
    for (const auto& lane : lanes_) sum += lane->journal->fraction();
    return lanes_.empty() ? 1 : sum / static_cast<double>(lanes_.size());
  }

  bus::Bus& bus_;
  const WhatIfOptions& options_;
  Metrics& metrics_;
  WhatIfFigures& figures_;
  std::unique_ptr<LearnedWorld> world_;
  std::vector<PartitionReader> items_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  bool cancelled_ = false;
};

}  // namespace

absl::Status what_if_on_bus(bus::Bus& bus, const WhatIfOptions& options, Metrics& metrics, WhatIfFigures& figures) {
  return BusReplay(bus, options, metrics, figures).run();
}

}  // namespace riffle::replay
