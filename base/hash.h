// 64-bit hashes that are stored or travel: the same bytes give the same number on every machine and in every version
// of Riffle (XXH3-64, a published and frozen algorithm). Among n ids two collide with probability about n²/2⁶⁵:
// 3·10⁻⁸ for a million.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/ids.h"

namespace riffle {

std::uint64_t stable_hash(std::string_view bytes, std::uint64_t seed = 0);

inline ItemKey key_of(const ItemId& id) { return ItemKey(stable_hash(id.str())); }
inline ItemKey item_key(std::string_view id) { return ItemKey(stable_hash(id)); }

// The 32-bit hash of Kafka's Java clients (murmur2, seed 0x9747b28c), and the partition that they give a key.
std::uint32_t murmur2(std::string_view key);
// CRC32 (IEEE), the default of librdkafka's clients ("consistent").
std::uint32_t crc32(std::string_view key);
Partition murmur2_partition(std::string_view key, std::int32_t partitions);
Partition crc32_partition(std::string_view key, std::int32_t partitions);

}  // namespace riffle
