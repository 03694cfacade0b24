#include "app/commands/get.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "app/configuration.h"
#include "app/row_json.h"
#include "base/errors.h"
#include "state/layout.h"
#include "state/rocksdb_store.h"

namespace riffle::app {
namespace {

struct Options {
  ConfigurationChoice configuration;
  std::string id;
};

struct Kind {
  const char* name;
  const char* help;
  RowJson (*row)(const state::Store&, Partition, std::string_view);
  bool one_shard;       // only one shard can have it: the first found is all
  const char* why_not;  // where none has it
};

constexpr Kind kKinds[] = {
    {"user", "A user's history, counters, profile and open decisions", user_json, true,
     "no event, request or profile of it was committed"},
    {"item", "An item's counters and neighbours, one object a shard", item_json, false,
     "no event with it was committed"},
    {"decision", "A list as it was decided: features, propensities, rewards so far", decision_json,
     true, "only decisions whose reward window is open are kept"},
};

// The shards' rows, one JSON text each.
absl::StatusOr<std::vector<std::string>> rows(const Kind& kind, const std::string& root,
                                              const std::string& id) {
  RIFFLE_ASSIGN_OR_RETURN(const auto shards, state::shards_in(root));
  if (shards.empty()) {
    return fatal_error(
        absl::StatusCode::kNotFound,
        absl::StrCat(root, " has no state; is it the worker's state.directory (--config, --set)?"));
  }
  std::vector<std::string> found;
  for (const Partition shard : shards) {
    state::RocksDbOptions options;
    options.directory = state::shard_directory(root, shard);
    options.create = false;
    options.read_only = true;
    RIFFLE_ASSIGN_OR_RETURN(const auto store, state::open_rocksdb_store(options));
    RIFFLE_ASSIGN_OR_RETURN(const auto row, kind.row(*store, shard, id));
    if (!row) continue;
    found.push_back(*row);
    if (kind.one_shard) break;
  }
  return found;
}

ExitCode get(const Kind& kind, const Options& options, const Streams& streams) {
  auto config = configuration(options.configuration, streams);
  if (!config) return ExitCode::kUsage;
  const auto found = rows(kind, config->state.directory, options.id);
  if (!found.ok()) {
    // No state is not a missing topic.
    const bool absent = absl::IsNotFound(found.status());
    const ExitCode code = fail(streams, found.status(), Origin::kState);
    return absent ? ExitCode::kFailed : code;
  }
  for (const std::string& row : *found) streams.out << row << '\n';
  if (!found->empty()) return ExitCode::kOk;
  streams.err << "riffle: " << config->state.directory << " has no " << kind.name << ' '
              << options.id << ": " << kind.why_not << '\n';
  return ExitCode::kFailed;
}

}  // namespace

void add_get(CLI::App& program, Chosen& chosen) {
  CLI::App* command = program.add_subcommand(
      "get", "What the state directory says of a user, an item or a decision, as JSON");
  command->require_subcommand(1);
  for (const Kind& kind : kKinds) {
    CLI::App* sub = command->add_subcommand(kind.name, kind.help);
    const auto options = std::make_shared<Options>();
    sub->add_option(
           "ID", options->id,
           kind.one_shard && kind.row == decision_json ? "Its recommendation_id" : "Its id")
        ->required()
        ->type_name("");
    add_configuration_options(*sub, options->configuration);
    sub->callback([&kind, options, &chosen] {
      chosen.action = [&kind, options](const Streams& streams) {
        return get(kind, *options, streams);
      };
    });
  }
}

}  // namespace riffle::app
