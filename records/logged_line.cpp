#include "records/logged_line.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "records/json_reader.h"

namespace riffle::records {
namespace {

constexpr std::size_t kLongestLine = 1 << 20;
constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

Reason bad(std::string_view member, std::string_view expected) {
  return {Code::kBadField, absl::StrCat(std::string(member), ": expected ", std::string(expected))};
}

std::optional<Reason> read_number(std::string_view member, simdjson::dom::element value,
                                  double& number) {
  if (value.is_null()) return std::nullopt;
  if (value.get_double().get(number) == simdjson::SUCCESS) return std::nullopt;
  return bad(member, "a number");
}

std::optional<Reason> read_text(std::string_view member, simdjson::dom::element value,
                                std::string_view& text) {
  if (value.get_string().get(text) == simdjson::SUCCESS) return std::nullopt;
  return bad(member, "a string");
}

}  // namespace

struct LoggedLineDecoder::Impl {
  std::optional<Reason> read(std::string_view name, simdjson::dom::element value,
                             LoggedLine& line) {
    if (name == "action") return read_id(name, value, action, line.action);
    if (name == "user_id") return read_id(name, value, user, line.user_id);
    if (name == "recommendation_id") return read_text(name, value, line.recommendation_id);
    if (name == "context") return read_context(value, line);
    if (name == "propensity") return read_number(name, value, line.propensity);
    if (name == "target_propensity") return read_number(name, value, line.target_propensity);
    if (name == "marginal_propensity") return read_number(name, value, line.marginal_propensity);
    if (name == "target_marginal_propensity") return read_number(name, value, line.target_marginal_propensity);
    if (name == "reward") {
      line.has_reward = !value.is_null();
      return read_number(name, value, line.reward);
    }
    if (name == "position")
      return value.get_int64().get(line.position) == simdjson::SUCCESS
                 ? std::nullopt
                 : std::optional(bad(name, "an integer from 0"));
    if (name == "actions") return read_actions(value, line);
    if (name == "target") return read_target(value, line);
    if (name == "timestamp" && !value.is_null()) return read_id(name, value, time, line.timestamp);
    return std::nullopt;
  }

  // Ids are texts, or integers as other tools number their actions.
  std::optional<Reason> read_id(std::string_view name, simdjson::dom::element value,
                                std::string& memory, std::string_view& id) {
    std::int64_t number = 0;
    if (value.get_int64().get(number) == simdjson::SUCCESS) {
      memory = std::to_string(number);
      id = memory;
      return std::nullopt;
    }
    if (value.get_string().get(id) == simdjson::SUCCESS) return std::nullopt;
    return bad(name, "a string or an integer");
  }

  std::optional<Reason> read_context(simdjson::dom::element value, LoggedLine& line) {
    if (value.is_object() || value.is_array() || value.is_null()) return std::nullopt;
    if (value.get_string().get(line.context) == simdjson::SUCCESS) return std::nullopt;
    context = simdjson::to_string(value);
    line.context = context;
    return std::nullopt;
  }

  std::optional<Reason> read_actions(simdjson::dom::element value, LoggedLine& line) {
    if (value.get_uint64().get(line.actions) == simdjson::SUCCESS) return std::nullopt;
    simdjson::dom::array list;
    if (value.get_array().get(list) != simdjson::SUCCESS)
      return bad("actions", "a number, or a list of strings");
    for (const simdjson::dom::element each : list)
      if (each.get_string().get(line.available.emplace_back()) != simdjson::SUCCESS)
        return bad("actions", "a number, or a list of strings");
    return std::nullopt;
  }

  std::optional<Reason> read_target(simdjson::dom::element value, LoggedLine& line) {
    simdjson::dom::object members;
    if (value.get_object().get(members) != simdjson::SUCCESS)
      return bad("target", "an object of action: probability");
    for (const auto& [action, probability] : members) {
      double number = kMissing;
      if (const auto reason = read_number("target", probability, number)) return reason;
      line.target.emplace_back(action, number);
    }
    return std::nullopt;
  }

  JsonReader reader;
  std::string action, user, context, time;
};

LoggedLineDecoder::LoggedLineDecoder() : impl_(std::make_unique<Impl>()) {}
LoggedLineDecoder::~LoggedLineDecoder() = default;

std::optional<Reason> LoggedLineDecoder::decode(std::string_view json, LoggedLine& line) {
  simdjson::dom::object object;
  if (auto reason = impl_->reader.parse(json, kLongestLine, object)) return reason;
  line.action = line.user_id = line.recommendation_id = line.context = line.timestamp = {};
  line.position = 0;
  line.reward = line.propensity = line.target_propensity = kMissing;
  line.marginal_propensity = line.target_marginal_propensity = kMissing;
  line.actions = 0;
  line.available.clear();
  line.target.clear();
  line.has_reward = false;
  for (const auto& [name, value] : object)
    if (auto reason = impl_->read(name, value, line)) return reason;
  return std::nullopt;
}

}  // namespace riffle::records
