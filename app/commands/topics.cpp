#include "app/commands/topics.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <ostream>

#include "app/configuration.h"
#include "app/option_types.h"
#include "app/system.h"
#include "app/topic_choice.h"
#include "records/json_writer.h"

namespace riffle::app {
namespace {

struct Options {
  ConfigurationChoice configuration;
  Format format = Format::kText;
  std::optional<std::int32_t> partitions;
  std::optional<std::int32_t> items_partitions;
  std::optional<std::int16_t> replication_factor;
  std::optional<Milliseconds> retention;
};

struct Listed {
  std::string name;
  std::optional<bus::TopicInfo> info;
};

void print(const std::vector<Listed>& topics, Format format, std::ostream& out) {
  if (format == Format::kJson) {
    records::JsonWriter json;
    json.begin_object().key("topics").begin_array();
    for (const Listed& topic : topics) {
      json.begin_object().member("name", topic.name).member("exists", topic.info.has_value());
      if (topic.info) json.member("partitions", topic.info->partitions);
      json.end_object();
    }
    json.end_array().end_object();
    out << json.take() << '\n';
    return;
  }
  for (const Listed& topic : topics) {
    out << topic.name << "  "
        << (topic.info ? std::to_string(topic.info->partitions) + " partitions" : "missing")
        << '\n';
  }
}

ExitCode list_topics(const bus::TopicNames& names, bus::Bus& bus, Format format,
                     const Streams& streams) {
  std::vector<Listed> topics;
  bool all = true;
  for (const NamedTopic& topic : named_topics()) {
    const std::string& name = names.*topic.topic;
    auto info = bus.describe(name);
    if (!info.ok()) return fail(streams, info.status(), Origin::kTopics);
    all = all && info->has_value();
    topics.push_back({name, *info});
  }
  print(topics, format, streams.out);
  return all ? ExitCode::kOk : ExitCode::kTopics;
}

ExitCode create_topics(const Options& options, const Streams& streams) {
  auto config = configuration(options.configuration, streams);
  if (!config) return ExitCode::kUsage;
  auto bus = make_bus(*config);
  if (!bus.ok()) return fail(streams, bus.status(), Origin::kBus);
  bus::TopicsOptions topics = config->topics;
  if (options.partitions) topics.partitions = *options.partitions;
  if (options.items_partitions) topics.items_partitions = *options.items_partitions;
  if (options.replication_factor) topics.replication_factor = *options.replication_factor;
  if (options.retention) topics.retention = *options.retention;
  if (const absl::Status status = (*bus)->create_topics(bus::riffle_topics(topics)); !status.ok())
    return fail(streams, status, Origin::kTopics);
  return list_topics(topic_names(*config), **bus, options.format, streams);
}

ExitCode list(const Options& options, const Streams& streams) {
  auto config = configuration(options.configuration, streams);
  if (!config) return ExitCode::kUsage;
  auto bus = make_bus(*config);
  if (!bus.ok()) return fail(streams, bus.status(), Origin::kBus);
  return list_topics(topic_names(*config), **bus, options.format, streams);
}

}  // namespace

void add_topics(CLI::App& program, Chosen& chosen) {
  CLI::App* topics = program.add_subcommand("topics", "Make or list Riffle's topics");
  topics->require_subcommand(1);
  const auto options = std::make_shared<Options>();

  CLI::App* create =
      topics->add_subcommand("create", "Make the topics that are missing, and list all");
  add_configuration_options(*create, options->configuration);
  add_format_option(*create, options->format);
  create
      ->add_option("--partitions", options->partitions,
                   "Of the topics that belong to shards: one shard each")
      ->check(CLI::Range(1, 10000));
  create
      ->add_option("--items-partitions", options->items_partitions,
                   "Of items, which every worker reads in full")
      ->check(CLI::Range(1, 10000));
  create
      ->add_option("--replication-factor", options->replication_factor,
                   "Copies that the cluster keeps")
      ->check(CLI::Range(1, 100));
  add_duration_option(*create, "--retention", options->retention,
                      "Of the topics that are not compacted");
  create->callback([options, &chosen] {
    chosen.action = [options](const Streams& streams) { return create_topics(*options, streams); };
  });

  CLI::App* show =
      topics->add_subcommand("list", "What there is; exit code 4 where one is missing");
  add_configuration_options(*show, options->configuration);
  add_format_option(*show, options->format);
  show->callback([options, &chosen] {
    chosen.action = [options](const Streams& streams) { return list(*options, streams); };
  });
}

}  // namespace riffle::app
