#include "app/commands/import.h"

#include <CLI/CLI.hpp>
#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <ostream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "app/configuration.h"
#include "app/delivery.h"
#include "app/option_types.h"
#include "app/progress.h"
#include "app/system.h"
#include "ingest/adapters/json_lines.h"
#include "ingest/adapters/online_retail.h"
#include "records/json_writer.h"

namespace riffle::app {
namespace {

using ingest::ImportInput;
using SteadyClock = std::chrono::steady_clock;

struct Options {
  ConfigurationChoice configuration;
  Format report = Format::kText;
  std::string format;
  std::vector<std::string> files;
  std::string input = "auto";
  std::optional<double> rate;  // records a second
};

constexpr std::array<const char*, 4> kInputs = {"events", "requests", "users",
                                                "items"};  // by ImportInput

const std::string& topic_of(ImportInput input, const bus::TopicNames& topics) {
  switch (input) {
    case ImportInput::kEvents:
      return topics.events;
    case ImportInput::kRequests:
      return topics.requests;
    case ImportInput::kUsers:
      return topics.users;
    case ImportInput::kItems:
      break;
  }
  return topics.items;
}

absl::StatusOr<std::unique_ptr<ingest::Adapter>> open(const Options& options,
                                                      const std::string& file,
                                                      const records::Limits& limits) {
  if (options.format == "online-retail") return ingest::OnlineRetail::open(file);
  return ingest::JsonLines::open(file, limits);
}

// What became of the rows of all files.
class Report {
 public:
  void add(const ingest::Adapter& adapter) {
    for (const ingest::RowCount& count : adapter.counts()) {
      auto& sum = by_what(count.what, count.used);
      sum.rows += count.rows;
      rows_ += count.rows;
    }
    for (const std::string& problem : adapter.problems())
      if (problems_.size() < ingest::Adapter::kMostProblems) problems_.push_back(problem);
  }

  void print(Format format, const std::array<std::uint64_t, 4>& published, std::uint64_t left_out,
             double seconds, const Streams& streams) const {
    for (const std::string& problem : problems_) streams.err << problem << '\n';
    format == Format::kJson ? print_json(published, left_out, seconds, streams.out)
                            : print_text(published, left_out, seconds, streams.out);
  }

 private:
  ingest::RowCount& by_what(const std::string& what, bool used) {
    for (ingest::RowCount& count : counts_)
      if (count.what == what && count.used == used) return count;
    return counts_.emplace_back(ingest::RowCount{what, used, 0});
  }

  void print_text(const std::array<std::uint64_t, 4>& published, std::uint64_t left_out,
                  double seconds, std::ostream& out) const {
    out << "read " << with_commas(rows_) << " rows\n";
    for (const ingest::RowCount& count : counts_) {
      if (count.rows == 0) continue;
      out << (count.used ? "  used      " : "  not used  ") << with_commas(count.rows) << "  "
          << count.what << '\n';
    }
    for (std::size_t i = 0; i < published.size(); ++i)
      if (published[i] > 0)
        out << "published " << with_commas(published[i]) << " records to " << kInputs[i] << '\n';
    if (left_out > 0) out << "left out " << with_commas(left_out) << " records of other inputs\n";
    out << absl::StrCat(
        "in ", std::to_string(seconds).substr(0, std::to_string(seconds).find('.') + 2), " s\n");
  }

  void print_json(const std::array<std::uint64_t, 4>& published, std::uint64_t left_out,
                  double seconds, std::ostream& out) const {
    records::JsonWriter json;
    json.begin_object().member("rows", rows_).key("counts").begin_array();
    for (const ingest::RowCount& count : counts_)
      json.begin_object()
          .member("what", count.what)
          .member("used", count.used)
          .member("rows", count.rows)
          .end_object();
    json.end_array().key("published").begin_object();
    for (std::size_t i = 0; i < published.size(); ++i) json.member(kInputs[i], published[i]);
    json.end_object().member("left_out", left_out).member("seconds", seconds).end_object();
    out << json.take() << '\n';
  }

  std::vector<ingest::RowCount> counts_;
  std::vector<std::string> problems_;
  std::uint64_t rows_ = 0;
};

class Importer {
 public:
  Importer(const Options& options, const config::Config& config, bus::Sink& sink,
           const Streams& streams)
      : options_(options),
        config_(config),
        topics_(topic_names(config)),
        delivery_(sink),
        streams_(streams),
        progress_(streams.err) {}

  ExitCode run() {
    for (const std::string& file : options_.files) {
      if (const absl::Status status = read(file); !status.ok()) {
        progress_.clear();
        (void)delivery_.finish(streams_.err);  // what was read is good
        report();
        return fail(streams_, status, Origin::kBus) == ExitCode::kBusUnreachable
                   ? ExitCode::kBusUnreachable
                   : ExitCode::kFailed;
      }
    }
    progress_.clear();
    const absl::Status status = delivery_.finish(streams_.err);
    report();
    return status.ok() ? ExitCode::kOk : fail(streams_, status, Origin::kBus);
  }

 private:
  absl::Status read(const std::string& file) {
    auto adapter = open(options_, file, config_.ingest.limits);
    if (!adapter.ok()) return adapter.status();
    ingest::ImportRecord record;
    absl::Status status;
    while (true) {
      const auto more = (*adapter)->next(record);
      if (!more.ok()) status = more.status();
      if (!more.ok() || !*more) break;
      status = publish(record);
      if (!status.ok()) break;
      if (progress_.due()) show(file);
    }
    report_.add(**adapter);
    return status;
  }

  absl::Status publish(const ingest::ImportRecord& record) {
    const auto input = static_cast<std::size_t>(record.input);
    if (options_.input != "auto" && options_.input != kInputs[input]) {
      ++left_out_;
      return absl::OkStatus();
    }
    pace();
    bus::OutRecord out;
    out.topic = topic_of(record.input, topics_);
    out.key = record.key;
    out.value = record.value;
    ++published_[input];
    return delivery_.send(out);
  }

  // Evenly: each record has its time.
  void pace() {
    if (!options_.rate) return;
    const std::chrono::duration<double> at(static_cast<double>(delivery_.sent()) / *options_.rate);
    std::this_thread::sleep_until(began_ + std::chrono::duration_cast<SteadyClock::duration>(at));
  }

  double seconds() const {
    return std::chrono::duration<double>(SteadyClock::now() - began_).count();
  }

  void show(const std::string& file) {
    const double rate = static_cast<double>(delivery_.sent()) / seconds();
    progress_.show(absl::StrCat(file, ": ", with_commas(delivery_.sent()), " records sent, ",
                                with_commas(static_cast<std::uint64_t>(rate)), "/s"));
  }

  void report() { report_.print(options_.report, published_, left_out_, seconds(), streams_); }

  const Options& options_;
  const config::Config& config_;
  const bus::TopicNames topics_;
  Delivery delivery_;
  const Streams& streams_;
  Progress progress_;
  Report report_;
  std::array<std::uint64_t, 4> published_{};
  std::uint64_t left_out_ = 0;
  const SteadyClock::time_point began_ = SteadyClock::now();
};

ExitCode import(const Options& options, const Streams& streams) {
  auto config = configuration(options.configuration, streams);
  if (!config) return ExitCode::kUsage;
  auto bus = make_bus(*config);
  if (!bus.ok()) return fail(streams, bus.status(), Origin::kBus);
  const bus::TopicNames topics = topic_names(*config);
  for (const ImportInput input :
       {ImportInput::kEvents, ImportInput::kRequests, ImportInput::kUsers, ImportInput::kItems}) {
    if (options.input != "auto" && options.input != kInputs[static_cast<std::size_t>(input)])
      continue;
    const auto there = existing_topic(**bus, topic_of(input, topics));
    if (!there.ok()) return fail(streams, there.status(), Origin::kTopics);
  }
  auto sink = (*bus)->make_sink({.linger = Milliseconds(20)});
  if (!sink.ok()) return fail(streams, sink.status(), Origin::kBus);
  return Importer(options, *config, **sink, streams).run();
}

}  // namespace

void add_import(CLI::App& program, Chosen& chosen) {
  CLI::App* command = program.add_subcommand(
      "import", "Publish files: Online Retail, or JSON lines; plain or gzip");
  const auto options = std::make_shared<Options>();
  command->add_option("FILE", options->files, "Files, in order; - is standard input")
      ->required()
      ->type_name("");
  command->add_option("--format,-f", options->format, "What the files are")
      ->required()
      ->check(CLI::IsMember({"online-retail", "json-lines"}))
      ->type_name("online-retail|json-lines");
  command
      ->add_option("--input", options->input,
                   "Only the records of this input topic (default: each where it belongs)")
      ->check(CLI::IsMember({"auto", "events", "requests", "users", "items"}))
      ->type_name("auto|events|requests|users|items");
  command->add_option("--rate", options->rate, "At most so many records a second")
      ->check(CLI::PositiveNumber);
  command
      ->add_option_function<std::string>(
          "--report",
          [options](const std::string& word) {
            options->report = word == "json" ? Format::kJson : Format::kText;
          },
          "The report for the eye, or for a program")
      ->check(CLI::IsMember({"text", "json"}))
      ->type_name("text|json");
  add_configuration_options(*command, options->configuration);
  command->callback([options, &chosen] {
    chosen.action = [options](const Streams& streams) { return import(*options, streams); };
  });
}

}  // namespace riffle::app
