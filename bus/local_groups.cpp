#include "bus/local_groups.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/errors.h"
#include "base/hash.h"
#include "bus/files.h"
#include "bus/range_assignor.h"

namespace riffle::bus {
namespace {

constexpr std::string_view kSuffix = ".offsets";

// A group may be named anything; a file may not.
std::string file_name(const std::string& group) {
  std::string name;
  for (const char c : group) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                       (c == '.' && !name.empty());
    if (plain) {
      name += c;
    } else {
      char escaped[4];
      std::snprintf(escaped, sizeof escaped, "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
      name += escaped;
    }
  }
  return name.append(kSuffix);
}

std::string group_name(std::string_view file) {
  file.remove_suffix(kSuffix.size());
  std::string group;
  for (std::size_t i = 0; i < file.size(); ++i) {
    if (file[i] != '%' || i + 2 >= file.size()) {
      group += file[i];
      continue;
    }
    unsigned byte = 0;
    std::from_chars(file.data() + i + 1, file.data() + i + 3, byte, 16);
    group += static_cast<char>(byte);
    i += 2;
  }
  return group;
}

std::string encode(const std::map<TopicPartition, Offset>& offsets) {
  std::string text = "format 1\n";
  for (const auto& [where, offset] : offsets)
    absl::StrAppend(&text, where.topic, " ", where.partition.value(), " ", offset.value(), "\n");
  absl::StrAppend(&text, "checksum ", absl::Hex(stable_hash(text)), "\n");
  return text;
}

absl::StatusOr<std::map<TopicPartition, Offset>> decode(const std::string& text) {
  const absl::Status damaged = fatal_error(
      absl::StatusCode::kDataLoss, "the offsets are damaged; delete the file, Riffle goes on from its own store");
  const std::size_t last = text.rfind("checksum ");
  if (last == std::string::npos || text.substr(0, 9) != "format 1\n") return damaged;
  if (text.substr(last) != absl::StrCat("checksum ", absl::Hex(stable_hash(std::string_view(text).substr(0, last))), "\n"))
    return damaged;
  std::map<TopicPartition, Offset> offsets;
  for (const auto& line : absl::StrSplit(text.substr(9, last - 9), '\n', absl::SkipEmpty())) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    std::int32_t partition = 0;
    std::int64_t offset = 0;
    if (words.size() != 3 || !absl::SimpleAtoi(words[1], &partition) || !absl::SimpleAtoi(words[2], &offset)) return damaged;
    offsets[{words[0], Partition(partition)}] = Offset(offset);
  }
  return offsets;
}

}  // namespace

absl::StatusOr<std::unique_ptr<LocalGroups>> LocalGroups::open(std::string directory, PartitionCounts counts) {
  std::unique_ptr<LocalGroups> groups(new LocalGroups(std::move(directory), std::move(counts)));
  if (!groups->directory_.empty()) RIFFLE_RETURN_IF_ERROR(groups->load());
  return groups;
}

absl::Status LocalGroups::load() {
  RIFFLE_RETURN_IF_ERROR(make_directories(directory_));
  RIFFLE_ASSIGN_OR_RETURN(const std::vector<std::string> names, list_directory(directory_));
  absl::MutexLock lock(&mutex_);
  for (const std::string& name : names) {
    if (name.size() <= kSuffix.size() || name.substr(name.size() - kSuffix.size()) != kSuffix) continue;
    const std::string path = directory_ + "/" + name;
    RIFFLE_ASSIGN_OR_RETURN(const std::string text, read_file(path));
    auto offsets = decode(text);
    if (!offsets.ok()) return annotate(offsets.status(), path);
    groups_[group_name(name)].offsets = *std::move(offsets);
  }
  return absl::OkStatus();
}

LocalGroups::MemberId LocalGroups::join(const std::string& group, std::set<std::string> topics, std::shared_ptr<Waiter> waiter) {
  absl::MutexLock lock(&mutex_);
  const MemberId id = ++last_member_;
  Group& joined = groups_[group];
  joined.members[id] = Member{std::move(topics), std::move(waiter), Phase::kWaiting, {}};
  change(joined);
  return id;
}

void LocalGroups::leave(const std::string& group, MemberId member) {
  absl::MutexLock lock(&mutex_);
  Group& left = groups_[group];
  left.members.erase(member);
  change(left);
}

LocalGroups::News LocalGroups::take_news(const std::string& group, MemberId member) {
  absl::MutexLock lock(&mutex_);
  Member& m = groups_[group].members.at(member);
  if (m.phase == Phase::kOffered) {
    m.phase = Phase::kHolding;
    return {News::Kind::kAssigned, m.partitions};
  }
  if (m.phase == Phase::kRevoking) {
    m.phase = Phase::kRevokeTold;
    return {News::Kind::kRevoked, m.partitions};
  }
  return {};
}

void LocalGroups::released(const std::string& group, MemberId member) {
  absl::MutexLock lock(&mutex_);
  Group& g = groups_[group];
  Member& m = g.members.at(member);
  if (m.phase != Phase::kRevokeTold) return;
  m.phase = Phase::kWaiting;
  m.partitions.clear();
  share_when_free(g);
}

void LocalGroups::topics_changed(const std::vector<std::string>& topics) {
  absl::MutexLock lock(&mutex_);
  for (auto& [name, group] : groups_) {
    const bool concerned = std::any_of(group.members.begin(), group.members.end(), [&](const auto& member) {
      return std::any_of(topics.begin(), topics.end(), [&](const auto& topic) { return member.second.topics.contains(topic); });
    });
    if (concerned) change(group);
  }
}

void LocalGroups::change(Group& group) {
  for (auto& [id, member] : group.members) {
    if (member.phase == Phase::kOffered) {  // never told: nothing to take back
      member.phase = Phase::kWaiting;
      member.partitions.clear();
    } else if (member.phase == Phase::kHolding) {
      member.phase = Phase::kRevoking;
      member.waiter->signal();
    }
  }
  share_when_free(group);
}

void LocalGroups::share_when_free(Group& group) {
  std::map<MemberId, std::set<std::string>> wants;
  std::set<std::string> topics;
  for (const auto& [id, member] : group.members) {
    if (member.phase != Phase::kWaiting) return;
    wants[id] = member.topics;
    topics.insert(member.topics.begin(), member.topics.end());
  }
  for (auto& [id, share] : assign_ranges(wants, counts_(topics))) {
    Member& member = group.members.at(id);
    member.partitions = std::move(share);
    member.phase = Phase::kOffered;
    member.waiter->signal();
  }
}

void LocalGroups::commit(const std::string& group, const std::vector<Position>& positions) {
  absl::MutexLock lock(&mutex_);
  Group& g = groups_[group];
  for (const Position& position : positions) g.offsets[position.where] = position.offset;
  g.unsaved = true;
}

std::optional<Offset> LocalGroups::committed(const std::string& group, const TopicPartition& where) const {
  absl::MutexLock lock(&mutex_);
  const auto g = groups_.find(group);
  if (g == groups_.end()) return std::nullopt;
  const auto offset = g->second.offsets.find(where);
  return offset == g->second.offsets.end() ? std::nullopt : std::optional(offset->second);
}

absl::Status LocalGroups::save() {
  if (directory_.empty()) return absl::OkStatus();
  std::map<std::string, std::string> unsaved;
  {
    absl::MutexLock lock(&mutex_);
    for (auto& [name, group] : groups_)
      if (std::exchange(group.unsaved, false)) unsaved[name] = encode(group.offsets);
  }
  absl::Status status;
  for (const auto& [name, text] : unsaved) {
    const absl::Status written = write_atomically(directory_ + "/" + file_name(name), text);
    if (written.ok()) continue;
    status.Update(written);
    absl::MutexLock lock(&mutex_);
    groups_[name].unsaved = true;
  }
  return status;
}

}  // namespace riffle::bus
