#include "records/candidate_table.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <type_traits>

#include "base/check.h"
#include "records/wire.h"

namespace riffle::records {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kMostMarks = 255;

constexpr std::size_t mask_bytes(std::size_t features) { return (features + 7) / 8; }
std::uint32_t bits(float value) { return std::bit_cast<std::uint32_t>(value); }

template <class Key>
char* write_keys(std::span<const Key> keys, char* to) {
  static_assert(sizeof(Key) == sizeof(std::uint64_t) && std::is_trivially_copyable_v<Key>);
  if (!keys.empty()) std::memcpy(to, keys.data(), keys.size_bytes());
  return to + keys.size_bytes();
}

}  // namespace

void CandidateTableWriter::begin(std::span<const ItemKey> keys, std::size_t features) {
  keys_ = keys;
  features_ = features;
  slots_ = 0;
  categories_.clear(), evidence_.clear(), logged_.clear(), rows_.clear(), marks_of_row_.clear(),
      marks_.clear();
}

void CandidateTableWriter::add_row(std::span<const float> row) {
  RIFFLE_CHECK(row.size() == features_, "features", row.size(), features_);
  rows_.push_back(row.data());
  marks_of_row_.push_back(0);
}

void CandidateTableWriter::add_slot(std::span<const float> row) {
  RIFFLE_CHECK(logged_.empty(), "a slot after", logged_.size(), "logged candidates");
  ++slots_;
  add_row(row);
}

void CandidateTableWriter::add_logged(std::uint32_t place, std::uint32_t category, float score,
                                      std::span<const float> row) {
  RIFFLE_CHECK(place < keys_.size() && category < categories_.size(), "place", place, "category",
               category);
  logged_.push_back({place, category, score});
  add_row(row);
}

void CandidateTableWriter::add_mark(const CandidateMark& mark) {
  RIFFLE_CHECK(!rows_.empty() && marks_of_row_.back() < kMostMarks, "rows", rows_.size());
  ++marks_of_row_.back();
  std::uint32_t evidence = 0;
  if (mark.evidence != ItemKey()) {  // few, and mostly the last ones
    const auto known = std::find(evidence_.begin(), evidence_.end(), mark.evidence);
    evidence = static_cast<std::uint32_t>(known - evidence_.begin()) + 1;
    if (known == evidence_.end()) evidence_.push_back(mark.evidence);
  }
  marks_.push_back({mark.source, mark.score, evidence});
}

char* CandidateTableWriter::write_features(char* to) const {
  if (rows_.empty()) return to;
  std::vector<std::uint32_t> differs(features_,
                                     0);  // its bits that are not the first row's in some row
  for (const float* row : rows_)
    for (std::size_t i = 0; i < features_; ++i) differs[i] |= bits(row[i]) ^ bits(rows_[0][i]);
  const std::size_t bytes = mask_bytes(features_);
  std::memset(to, 0, bytes);
  for (std::size_t i = 0; i < features_; ++i)
    if (differs[i] != 0) to[i / 8] = static_cast<char>(to[i / 8] | 1 << i % 8);
  to += bytes;
  WireWriter constants(to);
  for (std::size_t i = 0; i < features_; ++i)
    if (differs[i] == 0) constants.raw(rows_[0][i]);
  to = constants.at();
  for (const float* row : rows_) {
    char* const mask = to;
    std::memset(mask, 0, bytes);
    to += bytes;
    for (std::size_t i = 0; i < features_; ++i) {
      const bool written = differs[i] != 0 && bits(row[i]) != 0;
      mask[i / 8] = static_cast<char>(mask[i / 8] | written << i % 8);
      std::memcpy(to, row + i, sizeof(float));  // written over by the next one where it is not kept
      to += written ? sizeof(float) : 0;
    }
  }
  return to;
}

void CandidateTableWriter::finish(const pb::ChoiceLog* choice, std::string& out) {
  const std::size_t choice_bytes = choice ? choice->ByteSizeLong() : 0;
  const std::size_t bytes = mask_bytes(features_);
  const std::size_t most = 1 + 6 * kLongestVarint +
                           8 * (keys_.size() + categories_.size() + evidence_.size()) +
                           logged_.size() * (2 * kLongestVarint + sizeof(float)) +
                           marks_.size() * (1 + sizeof(float) + kLongestVarint) +
                           (rows_.size() + 1) * (features_ + 1) * sizeof(float) +
                           (rows_.size() + 1) * (bytes + 1) + choice_bytes;
  out.resize(most);
  char* to = out.data();
  *to++ = kVersion;
  WireWriter head(to);
  for (const std::size_t count :
       {keys_.size(), categories_.size(), evidence_.size(), slots_, logged_.size(), features_})
    head.varint(count);
  to = write_keys(keys_, head.at());
  to = write_keys(std::span<const CategoryKey>(categories_), to);
  to = write_keys(std::span<const ItemKey>(evidence_), to);
  WireWriter rows(to);
  for (const Logged& logged : logged_)
    rows.varint(logged.place), rows.varint(logged.category), rows.raw(logged.score);
  auto mark = marks_.begin();
  for (const std::uint8_t marks : marks_of_row_) {
    rows.raw(marks);
    for (const auto end = mark + marks; mark != end; ++mark)
      rows.raw(mark->source), rows.raw(mark->score), rows.varint(mark->evidence);
  }
  to = write_features(rows.at());
  if (choice_bytes > 0) {
    choice->SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(to));
    to += choice_bytes;
  }
  RIFFLE_CHECK(to <= out.data() + most, "bytes", to - out.data(), most);
  out.resize(static_cast<std::size_t>(to - out.data()));
}

}  // namespace riffle::records
