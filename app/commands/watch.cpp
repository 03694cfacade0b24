#include "app/commands/watch.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "app/configuration.h"
#include "app/delivery.h"
#include "app/option_types.h"
#include "app/record_json.h"
#include "app/system.h"
#include "app/topic_choice.h"

namespace riffle::app {
namespace {

struct Options {
  ConfigurationChoice configuration;
  std::string topic;
  std::string key;  // empty: all
  std::string from = "end";
  std::optional<std::uint64_t> count;   // none: for ever
  std::optional<Milliseconds> timeout;  // none: for ever
};

// Every partition from where `from` says. The end is that of now, so that what comes after this
// command began is seen.
absl::StatusOr<std::vector<bus::Position>> positions(bus::Source& source, const std::string& topic,
                                                     std::int32_t count, bool from_beginning) {
  std::vector<bus::Position> positions;
  for (std::int32_t p = 0; p < count; ++p) {
    const bus::TopicPartition where{topic, Partition(p)};
    auto marks = source.watermarks(where);
    if (!marks.ok()) return marks.status();
    positions.push_back({where, from_beginning ? marks->low : marks->high});
  }
  return positions;
}

ExitCode follow(bus::Source& source, const Options& options, const NamedTopic& topic,
                const Streams& streams) {
  using Clock = std::chrono::steady_clock;
  std::uint64_t printed = 0;
  auto last = Clock::now();
  while (!options.count || printed < *options.count) {
    auto batch = source.poll(1000, Milliseconds(100));
    if (!batch.ok()) return fail(streams, batch.status(), Origin::kBus);
    for (const bus::PartitionError& error : batch->errors)
      return fail(streams, error.status, Origin::kTopics);
    for (const bus::Record& record : batch->records) {
      if (!options.key.empty() && record.key != options.key) continue;
      streams.out << record_json(record, topic.word) << '\n';
      last = Clock::now();
      if (++printed == options.count) break;
    }
    streams.out.flush();
    if (!streams.out) return ExitCode::kFailed;  // nobody reads any more
    if (options.timeout && Clock::now() - last >= *options.timeout) break;
  }
  // Whoever named a number wants to know whether it came.
  return options.count && printed < *options.count ? ExitCode::kFailed : ExitCode::kOk;
}

ExitCode watch(const Options& options, const Streams& streams) {
  auto config = configuration(options.configuration, streams);
  if (!config) return ExitCode::kUsage;
  auto bus = make_bus(*config);
  if (!bus.ok()) return fail(streams, bus.status(), Origin::kBus);
  const NamedTopic& topic = *find_topic(options.topic);
  const std::string name = topic_names(*config).*topic.topic;
  const auto info = existing_topic(**bus, name);
  if (!info.ok()) return fail(streams, info.status(), Origin::kTopics);
  auto source = (*bus)->make_source({});
  if (!source.ok()) return fail(streams, source.status(), Origin::kBus);
  const auto from = positions(**source, name, info->partitions, options.from == "beginning");
  if (!from.ok()) return fail(streams, from.status(), Origin::kBus);
  if (const absl::Status status = (*source)->assign(*from); !status.ok())
    return fail(streams, status, Origin::kBus);
  return follow(**source, options, topic, streams);
}

}  // namespace

void add_watch(CLI::App& program, Chosen& chosen) {
  CLI::App* command =
      program.add_subcommand("watch", "Print a topic's records as they come, as JSON lines");
  const auto options = std::make_shared<Options>();
  command->add_option("TOPIC", options->topic, "Which of Riffle's topics")
      ->required()
      ->check(CLI::IsMember(topic_words()))
      ->type_name("");
  command->add_option("--user,--key", options->key, "Only records with this key")->type_name("ID");
  command
      ->add_option("--from", options->from, "beginning, or end: what comes from now on (default)")
      ->check(CLI::IsMember({"beginning", "end"}))
      ->type_name("beginning|end");
  command->add_option("-n,--count", options->count,
                      "End after so many; exit code 1 where they do not come in time");
  add_duration_option(*command, "--timeout", options->timeout,
                      "End after so long without a record");
  add_configuration_options(*command, options->configuration);
  command->callback([options, &chosen] {
    chosen.action = [options](const Streams& streams) { return watch(*options, streams); };
  });
}

}  // namespace riffle::app
