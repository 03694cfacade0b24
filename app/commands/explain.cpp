#include "app/commands/explain.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "app/configuration.h"
#include "app/explain/explanation.h"
#include "app/option_types.h"
#include "app/system.h"
#include "base/hash.h"

namespace riffle::app {
namespace {

struct Options {
  ConfigurationChoice configuration;
  std::string id;
  std::string item;
  bool log = false;
  Format format = Format::kText;
};

// The bus, where there is one; the status says why there is none. A local directory is not made by asking.
absl::StatusOr<std::unique_ptr<bus::Bus>> existing_bus(const config::Config& config) {
  std::error_code ignored;
  if (!config.uses_kafka() && !std::filesystem::is_directory(config.local.directory, ignored))
    return absl::NotFoundError(absl::StrCat(config.local.directory, " is no local bus, and no --kafka is given"));
  return make_bus(config);
}

ExitCode explain(const Options& options, const Streams& streams) {
  const auto config = configuration(options.configuration, streams);
  if (!config) return ExitCode::kUsage;
  std::optional<FoundDecision> found;
  if (!options.log) {
    auto in_state = find_in_state(config->state.directory, options.id);
    if (!in_state.ok()) return fail(streams, in_state.status(), Origin::kState);
    found = *std::move(in_state);
  }
  const auto bus = existing_bus(*config);
  if (!found && bus.ok()) {
    auto in_log = find_in_log(**bus, *config, options.id);
    if (!in_log.ok()) return fail(streams, in_log.status(), Origin::kBus);
    found = *std::move(in_log);
  }
  if (!found) {
    streams.err << "riffle: there is no decision " << options.id << " in "
                << (options.log ? ""
                                : absl::StrCat(config->state.directory, " (only open ones are kept there), nor in "))
                << "the log";
    if (!bus.ok()) streams.err << ": " << bus.status().message();
    streams.err << '\n';
    return bus.ok() || absl::IsNotFound(bus.status()) ? ExitCode::kFailed : exit_code(bus.status(), Origin::kBus);
  }
  Explanation explanation;
  explanation.found = *std::move(found);
  const std::string why_no_bus =
      bus.ok() ? "" : absl::StrCat("its policy's version is on the bus: ", bus.status().message());
  explanation.again = make_again(explanation.found, *config, bus.ok() ? bus->get() : nullptr, why_no_bus);
  explanation.item = options.item;
  if (!options.item.empty()) {
    const auto& request = explanation.found.request;
    explanation.fate = fate_of(explanation.found.decision, item_key(options.item), request ? &*request : nullptr);
  }
  streams.out << (options.format == Format::kJson ? explanation_json(explanation) : explanation_text(explanation));
  return ExitCode::kOk;
}

}  // namespace

void add_explain(CLI::App& program, Chosen& chosen) {
  CLI::App* command = program.add_subcommand(
      "explain", "Why a list is as it is: candidates, scores, features, chance, and at which stage an item fell out");
  const auto options = std::make_shared<Options>();
  command->add_option("ID", options->id, "Its recommendation_id")->required()->type_name("");
  command->add_option("--item", options->item, "At which stage did this item fall out?")->type_name("ID");
  command->add_flag("--log", options->log, "Look in the log (outcomes, recommendations), not in the state directory");
  add_format_option(*command, options->format);
  add_configuration_options(*command, options->configuration);
  command->callback(
      [options, &chosen] { chosen.action = [options](const Streams& streams) { return explain(*options, streams); }; });
}

}  // namespace riffle::app
