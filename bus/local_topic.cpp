#include "bus/local_topic.h"

#include <charconv>
#include <functional>
#include <map>

#include "absl/strings/str_cat.h"
#include "base/errors.h"

namespace riffle::bus {
namespace {

constexpr std::string_view kFormatLine = "format=1\n";

absl::StatusOr<std::int64_t> parse_number(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is not a whole number"));
  return value;
}

using Setter = std::function<absl::Status(TopicSettings&, const std::string&)>;

// A setting that is a number of at least `least`.
Setter number(std::int64_t least, std::function<void(TopicSettings&, std::int64_t)> set) {
  return [least, set = std::move(set)](TopicSettings& settings, const std::string& text) {
    const auto value = parse_number(text);
    if (!value.ok()) return value.status();
    if (*value < least) return absl::InvalidArgumentError(absl::StrCat(text, " is below ", least));
    set(settings, *value);
    return absl::OkStatus();
  };
}

const std::map<std::string, Setter>& setters() {
  static const std::map<std::string, Setter> all = {
      {"retention.ms", number(-1, [](TopicSettings& s, std::int64_t v) {
         s.log.retention = v < 0 ? std::nullopt : std::optional(Milliseconds(v));
       })},
      {"retention.bytes", number(-1, [](TopicSettings& s, std::int64_t v) {
         s.log.retention_bytes = v < 0 ? std::nullopt : std::optional(static_cast<std::size_t>(v));
       })},
      {"max.message.bytes", number(0, [](TopicSettings& s, std::int64_t v) { s.max_message_bytes = static_cast<std::size_t>(v); })},
      {"delete.retention.ms", number(0, [](TopicSettings& s, std::int64_t v) { s.log.tombstone_retention = Milliseconds(v); })},
      {"segment.bytes", number(1024, [](TopicSettings& s, std::int64_t v) { s.log.segment_bytes = static_cast<std::size_t>(v); })},
      {"segment.ms", number(1, [](TopicSettings& s, std::int64_t v) { s.log.segment_age = Milliseconds(v); })},
      {"message.timestamp.type", [](TopicSettings& s, const std::string& text) {
         if (text != "LogAppendTime" && text != "CreateTime")
           return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is neither LogAppendTime nor CreateTime"));
         s.log_append_time = text == "LogAppendTime";
         return absl::OkStatus();
       }},
  };
  return all;
}

}  // namespace

absl::StatusOr<TopicSettings> TopicSettings::from_spec(const TopicSpec& spec, const LocalBusOptions& options) {
  RIFFLE_RETURN_IF_ERROR(check_topic_name(spec.name));
  if (spec.partitions < 1)
    return absl::InvalidArgumentError(absl::StrCat("topic ", spec.name, ": ", spec.partitions, " partitions; at least 1"));
  TopicSettings settings;
  settings.partitions = spec.partitions;
  settings.log.segment_bytes = options.segment_bytes;
  settings.log.fsync = options.fsync;
  settings.log.segment_age = options.segment_age;
  settings.log.cleanup = spec.cleanup;
  settings.log.retention = options.retention;
  if (spec.retention) settings.log.retention = spec.retention->count() < 0 ? std::nullopt : spec.retention;
  for (const auto& [name, value] : spec.config) {
    const auto setter = setters().find(name);
    if (setter == setters().end()) {
      std::string known;
      for (const auto& [key, unused] : setters()) absl::StrAppend(&known, known.empty() ? "" : ", ", key);
      return absl::InvalidArgumentError(absl::StrCat("topic ", spec.name, ": the local bus has no setting ", name, "; it has ", known));
    }
    if (const absl::Status status = setter->second(settings, value); !status.ok())
      return annotate(status, absl::StrCat("topic ", spec.name, ": ", name));
  }
  return settings;
}

absl::Status check_topic_name(std::string_view name) {
  bool good = !name.empty() && name.size() <= 249 && name != "." && name != "..";
  for (const char c : name)
    good = good && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-');
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("\"", std::string(name), "\" is no topic name: 1 to 249 letters, digits, '.', '_', '-'"));
}

std::string encode_topic_spec(const TopicSpec& spec) {
  std::string out(kFormatLine);
  absl::StrAppend(&out, "partitions=", spec.partitions, "\n");
  absl::StrAppend(&out, "cleanup.policy=", spec.cleanup == Cleanup::kCompact ? "compact" : "delete", "\n");
  if (spec.retention) absl::StrAppend(&out, "retention.ms=", spec.retention->count(), "\n");
  for (const auto& [name, value] : spec.config)
    if (name != "retention.ms" || !spec.retention) absl::StrAppend(&out, name, "=", value, "\n");
  return out;
}

absl::StatusOr<TopicSpec> decode_topic_spec(const std::string& name, std::string_view bytes) {
  if (bytes.substr(0, kFormatLine.size()) != kFormatLine)
    return fatal_error(absl::StatusCode::kFailedPrecondition,
                       absl::StrCat("topic ", name, ": its file does not begin with format=1; another version of Riffle wrote it"));
  bytes.remove_prefix(kFormatLine.size());
  TopicSpec spec;
  spec.name = name;
  while (!bytes.empty()) {
    const std::string_view line = bytes.substr(0, bytes.find('\n'));
    bytes.remove_prefix(std::min(bytes.size(), line.size() + 1));
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos)
      return fatal_error(absl::StatusCode::kDataLoss, absl::StrCat("topic ", name, ": its file has the line \"", std::string(line), "\""));
    const std::string key(line.substr(0, equals)), value(line.substr(equals + 1));
    if (key == "partitions") {
      RIFFLE_ASSIGN_OR_RETURN(const std::int64_t partitions, parse_number(value));
      spec.partitions = static_cast<std::int32_t>(partitions);
    } else if (key == "cleanup.policy") {
      spec.cleanup = value == "compact" ? Cleanup::kCompact : Cleanup::kDelete;
    } else {
      spec.config[key] = value;
    }
  }
  return spec;
}

absl::StatusOr<std::unique_ptr<LocalTopic>> open_topic(const TopicSpec& spec, const LocalBusOptions& options,
                                                       const std::string& directory, TimePoint now) {
  auto topic = std::make_unique<LocalTopic>();
  topic->name = spec.name;
  RIFFLE_ASSIGN_OR_RETURN(topic->settings, TopicSettings::from_spec(spec, options));
  for (std::int32_t p = 0; p < topic->settings.partitions; ++p) {
    LogSettings settings = topic->settings.log;
    if (!directory.empty()) settings.directory = absl::StrCat(directory, "/", p);
    RIFFLE_ASSIGN_OR_RETURN(auto log, PartitionLog::open({spec.name, Partition(p)}, std::move(settings), now));
    topic->partitions.push_back(std::make_unique<WritablePartition>(std::move(log)));
  }
  return topic;
}

}  // namespace riffle::bus
