#include "replay/as_logged.h"

#include <utility>

#include "base/errors.h"
#include "features/event_types.h"
#include "pipeline/epoch.h"
#include "replay/journal_log.h"
#include "replay/logged_decisions.h"
#include "replay/run_records.h"

namespace riffle::replay {
namespace {

constexpr std::uint64_t kEntriesBetweenNews = 200;

using pipeline::Input;

std::size_t count(const pipeline::Shard::RunRecords& records, Input input) {
  return records[static_cast<std::size_t>(input)].size();
}

class Replay {
 public:
  Replay(bus::Bus& bus, Partition shard, const AsLoggedOptions& options)
      : bus_(bus), id_(shard), options_(options), runs_(bus, options.shard->topics, shard, options.until) {}

  absl::Status open(std::unique_ptr<state::Store> store, Metrics& metrics) {
    const bus::TopicNames& topics = options_.shard->topics;
    RIFFLE_ASSIGN_OR_RETURN(auto journal, JournalLog::open(bus_, {topics.epochs, id_}));
    journal_.emplace(std::move(journal));
    figures_.generation = journal_->generation();
    figures_.earlier_stores = journal_->earlier_stores();
    figures_.last_entry = journal_->last_number();
    const Milliseconds window = features::EventTypes(options_.shard->rows.types).longest_window();
    RIFFLE_ASSIGN_OR_RETURN(auto decisions,
                            LoggedDecisions::open(bus_, {topics.outcomes, id_}, journal_->generation(), window));
    decisions_.emplace(std::move(decisions));
    RIFFLE_ASSIGN_OR_RETURN(auto check, OutcomeCheck::open(bus_, {topics.outcomes, id_}));
    check_.emplace(std::move(check));

    pipeline::ShardSetup setup;
    setup.shard = id_;
    setup.partitions = options_.partitions;
    RIFFLE_ASSIGN_OR_RETURN(setup.cluster_id, bus_.cluster_id());
    setup.store = std::move(store);
    setup.options = options_.shard;
    setup.metrics = &metrics;
    setup.new_generation = journal_->generation();
    RIFFLE_ASSIGN_OR_RETURN(shard_, pipeline::Shard::open(std::move(setup)));
    return absl::OkStatus();
  }

  absl::Status run(const std::function<bool(const AsLoggedFigures&, double)>& progress) {
    const pipeline::Shard::Logged logged{
        .decision_of = [this](const pb::Pin& pin, TimePoint decided) { return decision(pin, decided); }};
    while (!options_.last_entry || figures_.entries < *options_.last_entry) {
      RIFFLE_ASSIGN_OR_RETURN(const pb::JournalEntry* entry, journal_->next());
      if (!entry) break;
      RIFFLE_RETURN_IF_ERROR(runs_.read(*entry));
      RIFFLE_RETURN_IF_ERROR(apply(*entry, logged));
      if (figures_.stopped_by_time) break;
      if (figures_.entries % kEntriesBetweenNews == 0 && progress && !progress(figures_, journal_->fraction()))
        return absl::CancelledError("interrupted");
      if (full()) RIFFLE_RETURN_IF_ERROR(commit());
    }
    return commit();
  }

  AsLogged take() { return {std::move(figures_), std::move(shard_)}; }

 private:
  absl::Status apply(const pb::JournalEntry& entry, const pipeline::Shard::Logged& logged) {
    const auto& records = runs_.records();
    if (runs_.past_end()) {
      // The rest of the entry, and its tick, lie after the end.
      pb::JournalEntry cut = entry;
      cut.set_tick_ms(0);
      RIFFLE_RETURN_IF_ERROR(shard_->replay(cut, records, logged));
      figures_.stopped_by_time = true;
    } else {
      RIFFLE_RETURN_IF_ERROR(shard_->replay(entry, records, logged));
    }
    ++figures_.entries;
    figures_.events += count(records, Input::kEvents);
    figures_.requests += count(records, Input::kRequests);
    figures_.users += count(records, Input::kUsers);
    return absl::OkStatus();
  }

  absl::StatusOr<std::optional<pb::Decision>> decision(const pb::Pin& pin, TimePoint decided) {
    RIFFLE_ASSIGN_OR_RETURN(auto found, decisions_->find(pin.recommendation_id(), decided));
    ++figures_.decisions;
    if (!found) ++figures_.decisions_untold;
    return found;
  }

  bool full() const {
    return shard_->records_in_epoch() >= options_.epoch.records || shard_->dirty_bytes() >= options_.epoch.dirty_bytes;
  }

  absl::Status commit() {
    if (!shard_->dirty()) return absl::OkStatus();
    RIFFLE_ASSIGN_OR_RETURN(const pipeline::FrozenEpoch epoch, shard_->freeze(true));
    for (const ingest::OwnedRecord& output : epoch.outputs) {
      if (output.topic == options_.shard->topics.dead_letters) ++figures_.refused;
      if (output.topic == options_.shard->topics.outcomes && output.value)
        RIFFLE_RETURN_IF_ERROR(check_->made(*output.value, figures_.outcomes));
    }
    state::WriteBatch batch;
    pipeline::append_commit(epoch, batch);
    RIFFLE_RETURN_IF_ERROR(epoch.store->write(batch, false));
    shard_->committed();
    return absl::OkStatus();
  }

  bus::Bus& bus_;
  const Partition id_;
  const AsLoggedOptions& options_;
  RunRecords runs_;
  std::optional<JournalLog> journal_;
  std::optional<LoggedDecisions> decisions_;
  std::optional<OutcomeCheck> check_;
  std::unique_ptr<pipeline::Shard> shard_;
  AsLoggedFigures figures_;
};

}  // namespace

absl::StatusOr<AsLogged> replay_as_logged(bus::Bus& bus, Partition shard, std::unique_ptr<state::Store> store,
                                          const AsLoggedOptions& options, Metrics& metrics,
                                          const std::function<bool(const AsLoggedFigures&, double)>& progress) {
  Replay replay(bus, shard, options);
  RIFFLE_RETURN_IF_ERROR(replay.open(std::move(store), metrics));
  RIFFLE_RETURN_IF_ERROR(replay.run(progress));
  return replay.take();
}

}  // namespace riffle::replay
