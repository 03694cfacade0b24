#include "app/replay/what_if.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "app/progress.h"
#include "app/system.h"
#include "app/temporary_directory.h"
#include "base/errors.h"
#include "ingest/adapters/json_lines.h"
#include "state/layout.h"
#include "state/rocksdb_store.h"

namespace riffle::app {
namespace {

std::atomic<bool> interrupted{false};

// What is on screen while it runs; the store's directory; the way of the lists.
class Run {
 public:
  Run(const config::Config& config, const ReplayChoice& choice, const Streams& streams)
      : choice_(choice), config_(config), setup_(worker_setup(config)), streams_(streams), progress_(streams.err) {}
  ~Run() { progress_.clear(); }

  absl::Status run(WhatIfReport& report) {
    RIFFLE_RETURN_IF_ERROR(directory_.make("riffle-replay"));
    replay::WhatIfOptions options;
    options.shard = &setup_.shard;
    options.learner = setup_.learner;
    options.epoch = setup_.epoch;
    options.seed = choice_.seed;
    options.until = choice_.until;
    options.user = choice_.user;
    options.make_store = [this](Partition shard) {
      state::RocksDbOptions rocksdb;
      rocksdb.directory = state::shard_directory(directory_.path(), shard);
      return state::open_rocksdb_store(rocksdb);
    };
    options.told = [this](std::string_view list) {
      if (choice_.format == Format::kText) streams_.out << list << '\n';
      return static_cast<bool>(streams_.out);  // nobody reads any more
    };
    options.progress = [this](const replay::WhatIfFigures& figures, std::optional<double> fraction) {
      show(figures, fraction);
      return !interrupted;
    };
    return choice_.file.empty() ? of_bus(options, report) : of_file(options, report);
  }

 private:
  absl::Status of_bus(const replay::WhatIfOptions& options, WhatIfReport& report) {
    report.log = setup_.shard.topics.epochs;
    RIFFLE_ASSIGN_OR_RETURN(const auto bus, make_bus(config_));
    return replay::what_if_on_bus(*bus, options, metrics_, report.figures);
  }

  absl::Status of_file(const replay::WhatIfOptions& options, WhatIfReport& report) {
    report.log = choice_.file == "-" ? "standard input" : choice_.file;
    RIFFLE_ASSIGN_OR_RETURN(const auto lines, ingest::JsonLines::open(choice_.file, config_.ingest.limits));
    const absl::Status status = replay::what_if_of_lines(*lines, options, metrics_, report.figures);
    report.lines = lines->counts();
    report.problems = lines->problems();
    return status;
  }

  void show(const replay::WhatIfFigures& figures, std::optional<double> fraction) {
    if (!progress_.due()) return;
    const double seconds = std::chrono::duration<double>(Clock::now() - began_).count();
    std::string line =
        absl::StrCat(with_commas(figures.events), " events, ", with_commas(figures.requests), " requests");
    if (fraction && *fraction > 0)
      absl::StrAppendFormat(&line, ", %.0f %%, %.0f s left", 100 * *fraction, seconds * (1 / *fraction - 1));
    progress_.show(line);
  }

  using Clock = std::chrono::steady_clock;

  const ReplayChoice& choice_;
  const config::Config& config_;
  const pipeline::WorkerSetup setup_;
  const Streams& streams_;
  Progress progress_;
  Metrics metrics_;
  TemporaryDirectory directory_;
  const Clock::time_point began_ = Clock::now();
};

}  // namespace

absl::Status what_if(const config::Config& config, const ReplayChoice& choice, const Streams& streams,
                     WhatIfReport& report) {
  const auto began = std::chrono::steady_clock::now();
  interrupted = false;
  const auto before = std::signal(SIGINT, [](int) { interrupted = true; });
  const absl::Status status = Run(config, choice, streams).run(report);
  std::signal(SIGINT, before);
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  if (!status.ok()) report.cut_short = std::string(status.message());
  return status;
}

}  // namespace riffle::app
