// A history of events and items, one after the other, in the order in which `riffle evaluate` reveals them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ingest/adapters/adapter.h"
#include "records/event.h"
#include "records/item.h"

namespace riffle::evaluation {

// One thread.
class EventSource {
 public:
  enum class Kind { kEvent, kItem, kEnd };
  virtual ~EventSource() = default;

  // The next record, in event() or item(). kDataLoss: the log was cut short; what came before is good.
  virtual absl::StatusOr<Kind> next() = 0;
  virtual const records::Event& event() const = 0;
  virtual const records::Item& item() const = 0;
  // Of the record that next() gave; none where the log does not say it on the events' scale.
  virtual std::optional<TimePoint> time() const = 0;

  virtual std::vector<ingest::RowCount> counts() const = 0;
  virtual const std::vector<std::string>& problems() const = 0;
  // Of the log that has been read; none where its length is not known.
  virtual std::optional<double> fraction() const { return std::nullopt; }
};

}  // namespace riffle::evaluation
