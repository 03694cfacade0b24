// The record that `dead-letters` gets for a refused one (DESIGN §3): the origin's key, the original
// bytes, and headers
//
//   error.code        missing_field                          (records/dead_letter.h)
//   error.message     "user_id" is missing; every event …
//   origin.topic      riffle.events
//   origin.partition  3
//   origin.offset     1742
//   truncated         true                                   only where the bytes were cut,
//   origin.size       5242880                                with the value's full size
//   origin.key_size   70000                                  and the key's, where that was cut
//   traceparent       00-…                                   the origin's, where it had one
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "bus/bus.h"
#include "records/dead_letter.h"

namespace riffle::ingest {

// An outgoing record that owns its bytes.
struct OwnedRecord {
  std::string topic;
  std::optional<Partition> partition;
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<std::pair<std::string, std::string>> headers;

  // Views into this object, for Sink::send.
  bus::OutRecord record() const;
};

// How much of the original bytes is kept. A Kafka topic takes 1 MiB a message, keys and headers
// included, unless it was made by `topics create` (4 MiB): this fits both. Raising it beyond the
// topic's limit loses dead letters.
constexpr std::size_t kDeadLetterBytes = (1 << 20) - (32 << 10);

OwnedRecord dead_letter(const bus::Record& record, const records::Reason& reason,
                        const std::string& topic,
                        std::size_t largest_value_bytes = kDeadLetterBytes);

}  // namespace riffle::ingest
