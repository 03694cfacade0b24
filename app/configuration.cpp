#include "app/configuration.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <ostream>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/log.h"
#include "config/checks.h"
#include "config/reader.h"

namespace riffle::app {
namespace {

// The settings as the YAML that says the same, so that one reader checks both.
struct Setting {
  std::optional<std::string> value;
  std::map<std::string, Setting> inner;
};

void write_yaml(const Setting& setting, std::size_t depth, std::string& out) {
  for (const auto& [name, inner] : setting.inner) {
    out.append(2 * depth, ' ');
    absl::StrAppend(&out, name, ":", inner.value ? absl::StrCat(" ", *inner.value) : "", "\n");
    write_yaml(inner, depth + 1, out);
  }
}

// librdkafka's names have dots of their own.
std::vector<std::string> path_of(const std::string& key) {
  constexpr std::string_view kKafka = "kafka.";
  if (key.starts_with(kKafka)) return {"kafka", key.substr(kKafka.size())};
  return absl::StrSplit(key, '.');
}

// False: not of the form key=value.
bool add_setting(const std::string& text, Setting& root) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) return false;
  Setting* at = &root;
  for (const std::string& name : path_of(text.substr(0, equals))) {
    if (name.empty()) return false;
    at = &at->inner[name];
  }
  at->value = text.substr(equals + 1);
  return true;
}

std::optional<std::string> read_file(const std::string& file) {
  std::error_code ignored;
  std::ifstream in(file, std::ios::binary);
  if (!in || std::filesystem::is_directory(file, ignored)) return std::nullopt;
  return std::string{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void forget_section(const std::string& section, config::Places& places) {
  std::erase_if(places, [&](const auto& place) {
    return place.first == section || place.first.starts_with(section + ".");
  });
}

}  // namespace

void add_configuration_options(CLI::App& command, ConfigurationChoice& choice) {
  command
      .add_option("--config,-c", choice.file, "Configuration file (YAML); without it, the defaults")
      ->type_name("FILE");
  command
      .add_option("--set", choice.settings,
                  "A setting over the file's, as http.port=0; may be repeated")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  auto* kafka = command.add_option("--kafka", choice.kafka, "Kafka's address (bootstrap.servers)")
                    ->type_name("HOST:PORT");
  command.add_option("--local", choice.local, "Directory of the local bus")
      ->type_name("DIR")
      ->excludes(kafka);
  command.add_option("--log-level", choice.log_level, "trace, debug, info, warn, error or off")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}))
      ->type_name("LEVEL");
}

Configured configure(const ConfigurationChoice& choice, const config::Environment& environment) {
  Configured result;
  config::Config& config = result.config;
  config::Places places;
  std::vector<config::Mistake> mistakes;
  if (!choice.file.empty()) {
    const auto text = read_file(choice.file);
    if (!text) {
      result.mistakes.push_back(
          absl::StrCat(choice.file, ": cannot be read; is there such a file?"));
      return result;
    }
    config::read(*text, environment, config, places, mistakes);
  }
  for (const config::Mistake& mistake : mistakes)
    result.mistakes.push_back(mistake.text(choice.file));

  Setting root;
  for (const std::string& setting : choice.settings) {
    if (!add_setting(setting, root))
      result.mistakes.push_back(
          absl::StrCat("--set ", setting, ": expected key=value, as http.port=0"));
  }
  std::string yaml;
  write_yaml(root, 0, yaml);
  config::Places set;
  std::vector<config::Mistake> of_settings;
  auto kafka = config.kafka;
  config::read(yaml, environment, config, set, of_settings);
  config.kafka.merge(kafka);  // a file's map would be replaced as a whole
  for (const config::Mistake& mistake : of_settings)
    result.mistakes.push_back(absl::StrCat("--set ", mistake.path, ": ", mistake.message));

  places.insert(set.begin(), set.end());
  if (!choice.kafka.empty()) {
    forget_section("local", places);
    config.kafka["bootstrap.servers"] = choice.kafka;
  }
  if (!choice.local.empty()) {
    forget_section("kafka", places);
    config.kafka.clear();
    config.local.directory = choice.local;
  }
  if (!choice.log_level.empty()) config.log_level = choice.log_level;

  mistakes.insert(mistakes.end(), of_settings.begin(), of_settings.end());
  const std::size_t read = mistakes.size();
  config::check(config, places, mistakes);
  for (std::size_t i = read; i < mistakes.size(); ++i) {
    const config::Mistake& mistake = mistakes[i];
    const bool of_file = !choice.file.empty() && !set.contains(mistake.path);
    result.mistakes.push_back(of_file ? mistake.text(choice.file)
                                      : absl::StrCat(mistake.path, ": ", mistake.message));
  }
  return result;
}

std::optional<config::Config> configuration(const ConfigurationChoice& choice,
                                            const Streams& streams) {
  Configured configured = configure(choice);
  if (configured.mistakes.empty()) {
    init_log(configured.config.log_level);
    return std::move(configured.config);
  }
  for (const std::string& mistake : configured.mistakes) streams.err << mistake << '\n';
  return std::nullopt;
}

}  // namespace riffle::app
