#include "evaluation/logs/json_rounds.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/hash.h"
#include "evaluation/logs/file_size.h"

namespace riffle::evaluation {
namespace {

constexpr std::size_t kLongestLine = 1 << 20;
constexpr std::int64_t kMostPositions = 1000;
// Further contexts share the last stratum: memory must not grow with the log.
constexpr std::uint32_t kMostStrata = 4096;
// Every action has a cell a position in the models.
constexpr std::uint64_t kMostActions = 1 << 20;

bool says_not_a_number(std::string_view text) {
  return text.find("NaN") != std::string_view::npos ||
         text.find("Infinity") != std::string_view::npos;
}

}  // namespace

JsonRounds::JsonRounds(std::unique_ptr<ingest::ByteSource> source, std::size_t size,
                       std::uint32_t actions)
    : lines_(std::move(source), kLongestLine), size_(size), actions_(actions) {}

absl::StatusOr<std::unique_ptr<RoundSource>> JsonRounds::open(
    const std::string& path, std::uint32_t actions, const std::vector<std::string>& names) {
  RIFFLE_ASSIGN_OR_RETURN(auto source, ingest::ByteSource::open(path));
  std::unique_ptr<JsonRounds> log(new JsonRounds(std::move(source), plain_size(path), actions));
  for (const std::string& name : names) log->number(name);
  return log;
}

absl::StatusOr<bool> JsonRounds::next(LoggedRound& round) {
  for (;;) {
    if (!waiting_) {
      RIFFLE_ASSIGN_OR_RETURN(waiting_, read_line());
      if (!waiting_) return false;
    }
    begin(round);
    for (;;) {
      append(round);
      RIFFLE_ASSIGN_OR_RETURN(waiting_, read_line());
      if (!waiting_ || slate_.empty() || line_.recommendation_id != slate_) break;
    }
    if (whole(round)) return true;
  }
}

// The next line that can be used, into line_.
absl::StatusOr<bool> JsonRounds::read_line() {
  std::string_view text;
  for (;;) {
    RIFFLE_ASSIGN_OR_RETURN(const bool more, lines_.next(text));
    if (!more) return false;
    read_bytes_ += text.size() + 1;
    if (text.empty()) continue;
    line_hash_ = stable_hash(text);
    if (usable(decoder_.decode(text, line_), text)) return true;
  }
}

bool JsonRounds::usable(const std::optional<records::Reason>& reason, std::string_view text) {
  if (reason && says_not_a_number(text)) {
    ++unreadable_;
    refuse("lines with NaN or Infinity",
           "NaN and Infinity are no JSON; a propensity is a number in (0, 1]");
    return false;
  }
  if (reason) {
    refuse("lines that are no logged slot", reason->message);
    return false;
  }
  if (line_.action.empty()) {
    refuse("rewards without a decision", "no action: nothing says what earned this");
    return false;
  }
  if (!line_.has_reward || !std::isfinite(line_.reward)) {
    refuse("decisions without a reward",
           "no reward; log 0 where nothing was earned by the end of the window");
    return false;
  }
  if (line_.position < 0 || line_.position >= kMostPositions) {
    refuse("lines with a bad position", absl::StrCat("position ", line_.position, " is not 0 … ",
                                                     kMostPositions - 1));
    return false;
  }
  if (line_.actions > kMostActions || numbers_.size() > kMostActions) {
    refuse("lines with too many actions",
           absl::StrCat("more than ", kMostActions, " actions; evaluate a part of them"));
    return false;
  }
  return true;
}

void JsonRounds::begin(LoggedRound& round) {
  round.clear();
  slate_.assign(line_.recommendation_id);
  // Without an id and a time, equal lines may well be two rounds.
  round.identity = !slate_.empty() ? stable_hash(slate_) : line_.timestamp.empty() ? 0 : line_hash_;
  round.timestamp.assign(line_.timestamp);
  round.cluster = !line_.user_id.empty() ? stable_hash(line_.user_id)
                  : !slate_.empty()      ? stable_hash(slate_)
                                         : ++slots_;
  if (line_.context.empty()) return;
  const auto known = strata_.find(absl::string_view(line_.context.data(), line_.context.size()));
  if (known != strata_.end()) {
    round.stratum = known->second;
  } else if (strata_.size() < kMostStrata) {
    round.stratum = static_cast<std::uint32_t>(strata_.size()) + 1;
    strata_.emplace(std::string(line_.context), round.stratum);
  } else {
    round.stratum = kMostStrata;
  }
}

void JsonRounds::append(LoggedRound& round) {
  round.slots.push_back({.action = number(line_.action),
                         .position = static_cast<std::uint32_t>(line_.position),
                         .propensity = line_.propensity,
                         .reward = line_.reward,
                         .target_probability = line_.target_propensity,
                         .marginal = line_.marginal_propensity,
                         .target_marginal = line_.target_marginal_propensity});
  round.actions = line_.actions != 0 ? static_cast<std::uint32_t>(line_.actions) : actions_;
  if (!line_.available.empty()) {
    round.available.clear();
    for (const std::string_view action : line_.available)
      round.available.push_back(number(action));
    round.actions = static_cast<std::uint32_t>(round.available.size());
  }
  round.target.clear();
  for (const auto& [action, probability] : line_.target)
    round.target.push_back({number(action), probability});
}

// A line by itself may be of any position. The lines of a slate are put in order, and are all there.
bool JsonRounds::whole(LoggedRound& round) {
  std::vector<LoggedSlot>& slots = round.slots;
  if (slots.size() > 1 || !slate_.empty()) {
    std::sort(slots.begin(), slots.end(),
              [](const LoggedSlot& a, const LoggedSlot& b) { return a.position < b.position; });
    for (std::size_t i = 0; i < slots.size(); ++i) {
      if (slots[i].position == i) continue;
      refuse("slates with a slot missing or twice",
             absl::StrCat("the slate ", slate_, " has not the positions 0 … ", slots.size() - 1,
                          " once each"));
      return false;
    }
  }
  ++rounds_;
  used_ += slots.size();
  return true;
}

std::uint32_t JsonRounds::number(std::string_view action) {
  const auto known = numbers_.find(absl::string_view(action.data(), action.size()));
  if (known != numbers_.end()) return known->second;
  const auto next = static_cast<std::uint32_t>(numbers_.size());
  numbers_.emplace(std::string(action), next);
  return next;
}

void JsonRounds::refuse(std::string_view what, std::string_view message) {
  problems_.add(what, absl::StrCat(lines_.path(), ":", lines_.number()), message);
}

std::vector<ingest::RowCount> JsonRounds::counts() const {
  std::vector<ingest::RowCount> counts = {{"slots", true, used_}};
  counts.insert(counts.end(), problems_.counts().begin(), problems_.counts().end());
  return counts;
}

std::optional<double> JsonRounds::fraction() const {
  if (size_ == 0) return std::nullopt;
  return std::min(1.0, static_cast<double>(read_bytes_) / static_cast<double>(size_));
}

}  // namespace riffle::evaluation
