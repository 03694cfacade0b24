#include "app/replay/as_logged.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "app/progress.h"
#include "app/row_json.h"
#include "app/system.h"
#include "app/temporary_directory.h"
#include "base/errors.h"
#include "base/hash.h"
#include "records/proto_codec.h"
#include "records/rows.h"
#include "state/layout.h"
#include "state/rocksdb_store.h"
#include "state/shard_store.h"

namespace riffle::app {
namespace {

using Clock = std::chrono::steady_clock;

std::atomic<bool> interrupted{false};

double seconds_since(Clock::time_point began) { return std::chrono::duration<double>(Clock::now() - began).count(); }

absl::StatusOr<std::unique_ptr<state::Store>> open_store(const std::string& directory, bool read_only) {
  state::RocksDbOptions options;
  options.directory = directory;
  options.create = !read_only;
  options.read_only = read_only;
  return state::open_rocksdb_store(options);
}

// The row's owner in words: "user u7", "item i3 (only in the state)".
std::string words_of(const state::RowDifference& row, state::Column column, const state::Store& made,
                     const state::Store& state) {
  using Kind = state::RowDifference::Kind;
  std::string name = row.key;
  if (column == state::Column::kItems) {
    records::ItemRow item;
    const auto bytes = (row.kind == Kind::kOnlyRight ? state : made).get(column, row.key);
    if (bytes.ok() && *bytes && records::decode(**bytes, item).ok()) name = item.item_id.str();
  }
  const char* how = row.kind == Kind::kDifferent  ? ""
                    : row.kind == Kind::kOnlyLeft ? " (the state has none)"
                                                  : " (the log makes none)";
  return absl::StrCat(column == state::Column::kUsers ? "user " : "item ", name, how);
}

class LogReplay {
 public:
  LogReplay(bus::Bus& bus, const config::Config& config, const ReplayChoice& choice, const Streams& streams)
      : bus_(bus), choice_(choice), setup_(worker_setup(config)), progress_(streams.err) {}
  ~LogReplay() { progress_.clear(); }

  absl::StatusOr<AsLoggedReport> run() {
    const auto began = Clock::now();
    const bus::TopicNames& topics = setup_.shard.topics;
    for (const std::string* topic : {&topics.epochs, &topics.events, &topics.requests, &topics.outcomes}) {
      RIFFLE_ASSIGN_OR_RETURN(const auto info, bus_.describe(*topic));
      if (!info)
        return fatal_error(absl::StatusCode::kNotFound,
                           absl::StrCat("there is no topic ", *topic,
                                        ": is it another namespace (topics.prefix), or has "
                                        "`riffle run` never been here?"));
      partitions_ = info->partitions;
    }
    RIFFLE_RETURN_IF_ERROR(find_states());
    if (choice_.keep.empty()) {
      RIFFLE_RETURN_IF_ERROR(temporary_.make("riffle-replay"));
    } else if (std::filesystem::exists(choice_.keep)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--keep ", choice_.keep, ": it exists already; name a new directory"));
    }
    report_.log = topics.epochs;
    report_.verify = choice_.verify;
    for (std::int32_t p = 0; p < partitions_; ++p)
      if (wanted(Partition(p))) RIFFLE_RETURN_IF_ERROR(replay_shard(Partition(p)));
    if (!choice_.user.empty() && !report_.user) report_.user.emplace();
    report_.seconds = seconds_since(began);
    return std::move(report_);
  }

 private:
  // With --verify every shard; of one user, those where either way of hashing may have put him.
  bool wanted(Partition shard) const {
    if (choice_.user.empty()) return true;
    return shard == murmur2_partition(choice_.user, partitions_) || shard == crc32_partition(choice_.user, partitions_);
  }

  absl::Status find_states() {
    if (choice_.verify.empty()) return absl::OkStatus();
    RIFFLE_ASSIGN_OR_RETURN(const auto shards, state::shards_in(choice_.verify));
    states_.insert(shards.begin(), shards.end());
    if (!states_.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("--verify ", choice_.verify, ": it has no state; is it a worker's state.directory?"));
  }

  absl::Status replay_shard(Partition shard) {
    ShardReport report;
    report.shard = shard;
    replay::AsLoggedOptions options;
    options.shard = &setup_.shard;
    options.epoch = setup_.epoch;
    options.partitions = partitions_;
    options.until = choice_.until;
    std::unique_ptr<state::Store> state;
    std::uint64_t generation = 0;
    if (states_.contains(shard)) {
      RIFFLE_ASSIGN_OR_RETURN(state, open_store(state::shard_directory(choice_.verify, shard), true));
      RIFFLE_RETURN_IF_ERROR(read_state(*state, shard, report, generation));
      options.last_entry = report.state_entries;
    }
    const std::string root = choice_.keep.empty() ? temporary_.path() : choice_.keep;
    RIFFLE_ASSIGN_OR_RETURN(auto store, open_store(state::shard_directory(root, shard), false));
    RIFFLE_ASSIGN_OR_RETURN(replay::AsLogged made,
                            replay::replay_as_logged(bus_, shard, std::move(store), options, metrics_,
                                                     [&](const replay::AsLoggedFigures& figures, double share) {
                                                       return show(shard, figures, share);
                                                     }));
    report.figures = std::move(made.figures);
    if (state) RIFFLE_RETURN_IF_ERROR(verify(made.shard->store(), *state, generation, report));
    report.no_state = !choice_.verify.empty() && !state;
    if (!choice_.user.empty() && !report_.user) {
      RIFFLE_ASSIGN_OR_RETURN(report_.user, user_json(made.shard->store(), shard, choice_.user));
    }
    if (report.figures.last_entry > 0 || state) report_.shards.push_back(std::move(report));
    if (choice_.keep.empty()) {
      made.shard.reset();
      std::error_code ignored;
      std::filesystem::remove_all(state::shard_directory(root, shard), ignored);
    }
    return absl::OkStatus();
  }

  absl::Status read_state(const state::Store& state, Partition shard, ShardReport& report, std::uint64_t& generation) {
    RIFFLE_ASSIGN_OR_RETURN(const auto header, state::read_header(state));
    RIFFLE_ASSIGN_OR_RETURN(const pb::ShardMeta meta, state::load_meta(state));
    if (!header) return absl::OkStatus();
    const std::string where = absl::StrCat("--verify ", choice_.verify, ": shard ", shard.value(), " is of ");
    if (header->events_topic() != setup_.shard.topics.events)
      return absl::InvalidArgumentError(absl::StrCat(where, "the topic ", header->events_topic(),
                                                     ", and the configuration's is ", setup_.shard.topics.events,
                                                     " (topics.prefix)"));
    if (header->partitions() != partitions_)
      return absl::InvalidArgumentError(
          absl::StrCat(where, header->partitions(), " partitions, and this bus has ", partitions_));
    report.state_entries = meta.journal_number();
    generation = header->generation();
    return absl::OkStatus();
  }

  absl::Status verify(const state::Store& made, const state::Store& state, std::uint64_t generation,
                      ShardReport& report) {
    const auto refused = [&](std::string_view why) {
      return fatal_error(absl::StatusCode::kOutOfRange,
                         absl::StrCat("shard ", report.shard.value(), ": the log cannot make the rows of ",
                                      choice_.verify, " again: ", std::string(why)));
    };
    if (report.state_entries > report.figures.last_entry)
      return refused(absl::StrCat("the state has ", report.state_entries,
                                  " journal entries, and the log ends at entry ", report.figures.last_entry));
    if (report.state_entries > 0 && generation != report.figures.generation)
      return refused(absl::StrCat("the state is of generation ", generation, ", and the log's newest journal of ",
                                  report.figures.generation, " (the state was lost, and made anew, in between)"));
    for (auto [column, comparison] :
         {std::pair(state::Column::kUsers, &report.users), {state::Column::kItems, &report.items}}) {
      RIFFLE_RETURN_IF_ERROR(state::compare_rows(made, state, column, *comparison));
      for (const state::RowDifference& row : comparison->first)
        report.first.push_back(words_of(row, column, made, state));
    }
    report.verified = true;
    return absl::OkStatus();
  }

  bool show(Partition shard, const replay::AsLoggedFigures& figures, double share) {
    if (progress_.due()) {
      const double seconds = std::max(seconds_since(began_), 1e-3);
      const std::uint64_t records = figures.events + figures.requests;
      progress_.show(absl::StrFormat("shard %d of %d: %s records, %.0f %% of its journal, %.0f s", shard.value() + 1,
                                     partitions_, with_commas(records), 100 * share, seconds));
    }
    return !interrupted;
  }

  bus::Bus& bus_;
  const ReplayChoice& choice_;
  const pipeline::WorkerSetup setup_;
  Progress progress_;
  Metrics metrics_;
  TemporaryDirectory temporary_;
  std::int32_t partitions_ = 0;
  std::set<Partition> states_;
  AsLoggedReport report_;
  const Clock::time_point began_ = Clock::now();
};

}  // namespace

bool AsLoggedReport::same() const {
  return std::all_of(shards.begin(), shards.end(), [](const ShardReport& shard) { return shard.same(); });
}

absl::StatusOr<AsLoggedReport> replay_log(bus::Bus& bus, const config::Config& config, const ReplayChoice& choice,
                                          const Streams& streams) {
  interrupted = false;
  const auto before = std::signal(SIGINT, [](int) { interrupted = true; });
  auto report = LogReplay(bus, config, choice, streams).run();
  std::signal(SIGINT, before);
  return report;
}

}  // namespace riffle::app
