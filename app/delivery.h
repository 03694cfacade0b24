// Records on their way out, to the last acknowledgement: what `publish` and `import` do alike.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bus/bus.h"

namespace riffle::app {

// NotFound, naming the command that makes it, where the topic is missing.
absl::StatusOr<bus::TopicInfo> existing_topic(bus::Bus& bus, const std::string& topic);

class Delivery {
 public:
  // `sink` outlives it, and nobody else uses it meanwhile.
  explicit Delivery(bus::Sink& sink) : sink_(sink) {}

  absl::Status send(const bus::OutRecord& record);
  // Waits for everything, however long the bus is away, and says on `err` that it waits. The first
  // refusal is the error.
  absl::Status finish(std::ostream& err);

  std::uint64_t sent() const { return last_ticket_; }
  std::uint64_t acknowledged() const { return sink_.acknowledged() - refused_; }

 private:
  bus::Sink& sink_;
  std::uint64_t last_ticket_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace riffle::app
