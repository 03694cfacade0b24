// What turns a foreign file into Riffle's records. `riffle import` runs one and produces what it
// gives; a new format is one new file with one subclass.
//
//   ImportRecord record;
//   for (;;) {
//     RIFFLE_ASSIGN_OR_RETURN(const bool more, adapter->next(record));
//     if (!more) break;
//     sink->send({.topic = topic_of(record.input), .key = record.key, .value = record.value});
//   }
//   for (const RowCount& count : adapter->counts()) …   // every row read is in exactly one of them
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/time.h"
#include "records/event.h"
#include "records/item.h"

namespace riffle::ingest {

enum class ImportInput { kEvents, kRequests, kUsers, kItems };

// What becomes of a record that was read: who reads event() and item() needs no JSON, nor members of a JSON that is not made
// (Event::fields).
enum class Give { kJson, kDecoded };

struct ImportRecord {
  ImportInput input = ImportInput::kEvents;
  std::string key;    // user_id, or item_id
  std::string value;  // JSON; empty with Give::kDecoded
  std::optional<TimePoint>
      timestamp;  // the event's own, for progress: record time is left to the bus (DESIGN §5)
};

// What became of the rows (or lines) of the file.
struct RowCount {
  std::string what;  // of used ones what they are, of unused ones why not
  bool used = false;
  std::uint64_t rows = 0;
  friend bool operator==(const RowCount&, const RowCount&) = default;
};

class Adapter {
 public:
  virtual ~Adapter() = default;

  // The next record, into `out`; false: the end. Errors are of the file as a whole (unreadable, cut
  // short, not of this format), with its path and line: what was given before is good.
  virtual absl::StatusOr<bool> next(ImportRecord& out) = 0;

  // What next() gave last, as it was decoded or made: of kEvents, and of kItems. Valid until the next call.
  virtual const records::Event& event() const = 0;
  virtual const records::Item& item() const = 0;

  // So far; in a fixed order, zeros too.
  virtual std::vector<RowCount> counts() const = 0;

  // The first kMostProblems unused rows that look like mistakes: "shop.jsonl:17: not_json: …".
  virtual const std::vector<std::string>& problems() const = 0;
  static constexpr std::size_t kMostProblems = 20;
};

}  // namespace riffle::ingest
