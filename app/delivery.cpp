#include "app/delivery.h"

#include <ostream>

#include "absl/strings/str_cat.h"
#include "base/errors.h"

namespace riffle::app {

absl::StatusOr<bus::TopicInfo> existing_topic(bus::Bus& bus, const std::string& topic) {
  RIFFLE_ASSIGN_OR_RETURN(const auto info, bus.describe(topic));
  if (info) return *info;
  return fatal_error(
      absl::StatusCode::kNotFound,
      absl::StrCat("topic ", topic, " does not exist; make it with `riffle topics create`"));
}

absl::Status Delivery::send(const bus::OutRecord& record) {
  RIFFLE_ASSIGN_OR_RETURN(last_ticket_, sink_.send(record));
  return absl::OkStatus();
}

absl::Status Delivery::finish(std::ostream& err) {
  constexpr Milliseconds kSilence{5000};
  while (!sink_.wait_acknowledged(last_ticket_, kSilence)) {
    err << "waiting for the bus to acknowledge " << last_ticket_ - sink_.acknowledged()
        << " records" << (sink_.connected() ? "" : "; it cannot be reached") << std::endl;
  }
  const auto refusals = sink_.take_refusals();
  refused_ += refusals.size();
  if (refusals.empty()) return absl::OkStatus();
  const bus::Refusal& first = refusals.front();
  return annotate(first.status,
                  absl::StrCat("the bus refused ", refusals.size(), " records; the first, of ",
                               first.bytes, " bytes under the key ", first.key));
}

}  // namespace riffle::app
