#include "ingest/partitioner.h"

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/hash.h"
#include "ingest/in_quotes.h"

namespace riffle::ingest {
namespace {

constexpr std::string_view kMurmur2Name = "murmur2";
constexpr std::string_view kCrc32Name = "crc32";

}  // namespace

Partitioner::Partitioner(PartitionerSetting setting, std::int32_t partitions)
    : setting_(setting), partitions_(partitions) {
  RIFFLE_CHECK(partitions > 0, "partitions", partitions);
  if (setting != PartitionerSetting::kAuto) decided_ = setting;
}

std::string Partitioner::state() const {
  if (!decided_) return "";
  return std::string(*decided_ == PartitionerSetting::kMurmur2 ? kMurmur2Name : kCrc32Name);
}

void Partitioner::restore(std::string_view state) {
  if (setting_ != PartitionerSetting::kAuto || state.empty()) return;
  RIFFLE_CHECK(state == kMurmur2Name || state == kCrc32Name, "state", state);
  decided_ = state == kMurmur2Name ? PartitionerSetting::kMurmur2 : PartitionerSetting::kCrc32;
}

std::optional<records::Reason> Partitioner::check(std::string_view key, Partition partition) {
  using records::Code;
  using records::Reason;
  const auto what = [&] {
    return absl::StrCat("key ", in_quotes(key), " is in partition ", partition.value(), " of ",
                        partitions_);
  };
  if (decided_) {
    const bool murmur2 = *decided_ == PartitionerSetting::kMurmur2;
    const Partition right =
        murmur2 ? murmur2_partition(key, partitions_) : crc32_partition(key, partitions_);
    if (right == partition) return std::nullopt;
    return Reason{
        Code::kMisrouted,
        absl::StrCat(what(), ", but `partitioner: ", state(), "`",
                     setting_ == PartitionerSetting::kAuto ? " (found by auto)" : "",
                     " puts it in ", right.value(),
                     murmur2 ? "; librdkafka's clients need partitioner=murmur2_random"
                             : "; Java's clients hash with murmur2: set one for all producers")};
  }
  const bool by_murmur2 = murmur2_partition(key, partitions_) == partition;
  const bool by_crc32 = crc32_partition(key, partitions_) == partition;
  if (!by_murmur2 && !by_crc32)
    return Reason{
        Code::kMisrouted,
        absl::StrCat(
            what(),
            ", where neither murmur2 nor crc32 (`partitioner: auto`) puts it; let the producer "
            "choose the partition by the key")};
  if (by_murmur2 != by_crc32)
    decided_ = by_murmur2 ? PartitionerSetting::kMurmur2 : PartitionerSetting::kCrc32;
  return std::nullopt;
}

}  // namespace riffle::ingest
