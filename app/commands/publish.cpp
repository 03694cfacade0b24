#include "app/commands/publish.h"

#include <CLI/CLI.hpp>
#include <istream>
#include <memory>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "app/configuration.h"
#include "app/delivery.h"
#include "app/option_types.h"
#include "app/system.h"
#include "app/topic_choice.h"
#include "records/json_codec.h"
#include "records/json_text.h"
#include "records/json_writer.h"

namespace riffle::app {
namespace {

struct Options {
  ConfigurationChoice configuration;
  Format format = Format::kText;
  std::string topic;
  std::vector<std::string> values;     // empty: standard input
  std::vector<std::string> deletions;  // keys
  bool check = false;
};

// What a worker would refuse, or nothing.
std::optional<records::Reason> refusal(std::string_view value, const std::string& key,
                                       TopicWord topic, records::JsonDecoder& decoder) {
  records::Event event;
  records::Request request;
  records::Item item;
  switch (topic) {
    case TopicWord::kEvents:
      return decoder.decode(value, event);
    case TopicWord::kRequests:
      return decoder.decode(value, request);
    case TopicWord::kItems:
      return decoder.decode(value, item);
    default:
      return decoder.check_profile(value, key);
  }
}

class Publisher {
 public:
  Publisher(const Options& options, const config::Config& config, bus::Sink& sink,
            const Streams& streams)
      : options_(options),
        topic_(*find_topic(options.topic)),
        name_(topic_names(config).*topic_.topic),
        decoder_(config.ingest.limits),
        delivery_(sink),
        streams_(streams) {}

  absl::Status take(std::string_view value) {
    ++line_;
    if (value.find_first_not_of(" \t\r") == std::string_view::npos) return absl::OkStatus();
    const auto key = records::string_member(value, topic_.key_member);
    if (options_.check) {
      if (const auto reason = refusal(value, key.value_or(""), topic_.word, decoder_)) {
        ++refused_;
        streams_.err << "riffle: record " << line_ << ": " << records::code_name(reason->code)
                     << ": " << reason->message << '\n';
        return absl::OkStatus();
      }
    }
    if (!key) ++without_key_;
    bus::OutRecord record;
    record.topic = name_;
    if (key) record.key = *key;
    record.value = value;
    return delivery_.send(record);
  }

  absl::Status erase(const std::string& key) {
    bus::OutRecord record;
    record.topic = name_;
    record.key = key;
    return delivery_.send(record);
  }

  ExitCode finish() {
    const absl::Status status = delivery_.finish(streams_.err);
    if (options_.format == Format::kJson) {
      records::JsonWriter json;
      json.begin_object().member("topic", name_).member("published", delivery_.acknowledged());
      json.member("refused", refused_).member("without_key", without_key_).end_object();
      streams_.out << json.take() << '\n';
    } else {
      streams_.err << "published " << delivery_.acknowledged() << " records to " << name_;
      if (refused_ > 0) streams_.err << ", left out " << refused_ << " that a worker would refuse";
      if (without_key_ > 0)
        streams_.err << "; " << without_key_ << " have no " << topic_.key_member
                     << " to be keyed by";
      streams_.err << '\n';
    }
    if (!status.ok()) return fail(streams_, status, Origin::kBus);
    return refused_ == 0 ? ExitCode::kOk : ExitCode::kFailed;
  }

 private:
  const Options& options_;
  const NamedTopic& topic_;
  const std::string name_;
  records::JsonDecoder decoder_;
  Delivery delivery_;
  const Streams& streams_;
  std::uint64_t line_ = 0, refused_ = 0, without_key_ = 0;
};

absl::Status publish_all(const Options& options, Publisher& publisher, const Streams& streams) {
  for (const std::string& key : options.deletions) {
    if (const absl::Status status = publisher.erase(key); !status.ok()) return status;
  }
  for (const std::string& value : options.values) {
    if (const absl::Status status = publisher.take(value); !status.ok()) return status;
  }
  if (!options.values.empty() || !options.deletions.empty()) return absl::OkStatus();
  for (std::string line; std::getline(streams.in, line);) {
    if (const absl::Status status = publisher.take(line); !status.ok()) return status;
  }
  return absl::OkStatus();
}

ExitCode publish(const Options& options, const Streams& streams) {
  auto config = configuration(options.configuration, streams);
  if (!config) return ExitCode::kUsage;
  auto bus = make_bus(*config);
  if (!bus.ok()) return fail(streams, bus.status(), Origin::kBus);
  const std::string name = topic_names(*config).*find_topic(options.topic)->topic;
  const auto there = existing_topic(**bus, name);
  if (!there.ok()) return fail(streams, there.status(), Origin::kTopics);
  auto sink = (*bus)->make_sink({.linger = Milliseconds(5)});
  if (!sink.ok()) return fail(streams, sink.status(), Origin::kBus);
  Publisher publisher(options, *config, **sink, streams);
  const absl::Status status = publish_all(options, publisher, streams);
  if (!status.ok()) return fail(streams, status, Origin::kBus);
  return publisher.finish();
}

}  // namespace

void add_publish(CLI::App& program, Chosen& chosen) {
  CLI::App* command = program.add_subcommand(
      "publish", "Publish records by hand, from arguments or standard input");
  const auto options = std::make_shared<Options>();
  command->add_option("TOPIC", options->topic, "Which of the input topics")
      ->required()
      ->check(CLI::IsMember(input_words()))
      ->type_name("");
  command->add_option("JSON", options->values, "Records; without any, the lines of standard input")
      ->type_name("");
  command->add_flag("--check", options->check, "Leave out, and report, what a worker would refuse");
  command
      ->add_option("--delete", options->deletions,
                   "Publish a tombstone for this key; may be repeated")
      ->type_name("ID")
      ->allow_extra_args(false);
  add_format_option(*command, options->format);
  add_configuration_options(*command, options->configuration);
  command->callback([options, &chosen] {
    chosen.action = [options](const Streams& streams) { return publish(*options, streams); };
  });
}

}  // namespace riffle::app
