#include "evaluation/logs/open_bandit.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/errors.h"
#include "base/hash.h"
#include "evaluation/logs/file_size.h"
#include "ingest/in_quotes.h"

namespace riffle::evaluation {
namespace {

constexpr std::size_t kLongestLine = 1 << 20;
constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);
constexpr std::string_view kAffinity = "user-item_affinity_";
constexpr std::uint32_t kMostActions = 1 << 20;  // every one has a cell a position in the models
constexpr std::uint32_t kMostPositions = 1000;   // the longest list that Riffle makes

template <class T>
bool parse(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

std::string_view unquoted(std::string_view field) {
  if (field.size() >= 2 && field.front() == '"' && field.back() == '"')
    return field.substr(1, field.size() - 2);
  return field;
}

}  // namespace

OpenBanditLog::OpenBanditLog(std::unique_ptr<ingest::ByteSource> source, std::size_t size)
    : lines_(std::move(source), kLongestLine), size_(size) {}

absl::StatusOr<std::unique_ptr<RoundSource>> OpenBanditLog::open(const std::string& path,
                                                                 std::uint32_t actions) {
  RIFFLE_ASSIGN_OR_RETURN(auto source, ingest::ByteSource::open(path));
  std::unique_ptr<OpenBanditLog> log(new OpenBanditLog(std::move(source), plain_size(path)));
  RIFFLE_RETURN_IF_ERROR(log->read_header(actions));
  return log;
}

absl::Status OpenBanditLog::read_header(std::uint32_t actions) {
  constexpr std::array<std::string_view, kColumns> kNames = {"item_id", "position", "click",
                                                             "propensity_score", "user_id",
                                                             "timestamp"};
  place_.fill(kNowhere);
  std::string_view line;
  RIFFLE_ASSIGN_OR_RETURN(const bool any, lines_.next(line));
  if (!any) return absl::OkStatus();  // an empty log: no round
  read_bytes_ += line.size() + 1;
  std::uint32_t affinities = 0;
  std::size_t place = 0;
  for (const std::string& quoted : std::vector<std::string>(
           absl::StrSplit(absl::string_view(line.data(), line.size()), ','))) {
    const std::string_view name = unquoted(quoted);
    for (std::size_t column = 0; column < kColumns; ++column)
      if (name == kNames[column]) place_[column] = place;
    numbered_ |= place == 0 && name.empty();
    affinities += name.starts_with(kAffinity) ? 1 : 0;
    ++place;
  }
  for (const Column column : {kItem, kPosition, kClick, kPropensity})
    if (place_[column] == kNowhere)
      return absl::InvalidArgumentError(
          absl::StrCat(lines_.path(), ":1: no column ", std::string(kNames[column]),
                       "; the Open Bandit format has item_id, position, click, propensity_score"));
  for (const std::size_t at : place_)
    if (at != kNowhere) last_place_ = std::max(last_place_, at);
  actions_ = actions != 0 ? actions : affinities;
  if (actions_ == 0 || actions_ > kMostActions)
    return absl::InvalidArgumentError(absl::StrCat(
        lines_.path(), ":1: ", actions_, " items by the columns ", std::string(kAffinity),
        "0 …; say how many there are with --actions (1 to ", kMostActions, ")"));
  return absl::OkStatus();
}

// Only the fields up to the last one wanted: a row has as many again as there are items.
bool OpenBanditLog::split(std::string_view line) {
  std::size_t found = 0;
  for (std::size_t place = 0;; ++place) {
    const std::size_t end = line.find(',');
    for (std::size_t column = 0; column < kColumns; ++column) {
      if (place_[column] != place) continue;
      fields_[column] = unquoted(line.substr(0, end));
      ++found;
    }
    if (place == last_place_) break;
    if (end == std::string_view::npos) return false;
    line.remove_prefix(end + 1);
  }
  return found >= kNeeded;
}

absl::StatusOr<bool> OpenBanditLog::next(LoggedRound& round) {
  std::string_view line;
  for (;;) {
    RIFFLE_ASSIGN_OR_RETURN(const bool more, lines_.next(line));
    if (!more) return false;
    read_bytes_ += line.size() + 1;
    if (line.empty()) continue;
    if (!split(line)) {
      refuse("rows that are cut short", "the row ends before its last column");
      continue;
    }
    if (read(line, round)) return true;
  }
}

bool OpenBanditLog::read(std::string_view line, LoggedRound& round) {
  round.clear();
  LoggedSlot& slot = round.slots.emplace_back();
  std::uint32_t position = 0;
  if (!parse(fields_[kItem], slot.action) || slot.action >= actions_) {
    refuse("rows with an unknown item",
           absl::StrCat("item_id ", ingest::in_quotes(fields_[kItem]), " is not 0 … ",
                        actions_ - 1));
    return false;
  }
  if (!parse(fields_[kPosition], position) || position < 1 || position > kMostPositions) {
    refuse("rows with a bad position",
           absl::StrCat("position ", ingest::in_quotes(fields_[kPosition]), " is not 1 … ",
                        kMostPositions));
    return false;
  }
  if (!parse(fields_[kClick], slot.reward) || !std::isfinite(slot.reward)) {
    refuse("rows without a reward",
           absl::StrCat("click ", ingest::in_quotes(fields_[kClick]), " is no finite number"));
    return false;
  }
  // What is no number is missing: the evaluation counts it, and refuses what would be wrong then.
  if (!parse(fields_[kPropensity], slot.propensity)) slot.propensity = kMissing;
  slot.position = position - 1;
  round.actions = actions_;
  if (place_[kTime] != kNowhere) round.timestamp.assign(fields_[kTime]);
  round.identity = stable_hash(numbered_ ? line.substr(std::min(line.size(), line.find(',') + 1)) : line);
  ++rounds_;
  round.cluster = place_[kUser] == kNowhere ? rounds_ : stable_hash(fields_[kUser]);
  return true;
}

void OpenBanditLog::refuse(std::string_view what, std::string_view message) {
  problems_.add(what, absl::StrCat(lines_.path(), ":", lines_.number()), message);
}

std::vector<ingest::RowCount> OpenBanditLog::counts() const {
  std::vector<ingest::RowCount> counts = {{"impressions", true, rounds_}};
  counts.insert(counts.end(), problems_.counts().begin(), problems_.counts().end());
  return counts;
}

std::optional<double> OpenBanditLog::fraction() const {
  if (size_ == 0) return std::nullopt;
  return std::min(1.0, static_cast<double>(read_bytes_) / static_cast<double>(size_));
}

}  // namespace riffle::evaluation
