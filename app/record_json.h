// A record of any of Riffle's topics as one line of JSON, for `riffle watch`:
//
//   {"topic":"riffle.recommendations","partition":0,"offset":12,"timestamp":"2025-10-09T08:53:20.123Z","key":"u1",
//    "headers":{"traceparent":"…"},"value":{…}}
//
// `value` is the record's JSON as it was published, or, of an internal topic, its message by
// Protobuf's JSON rules. What is no JSON (in `dead-letters`) stands in `value_text`, and where it
// is no UTF-8 either in `value_base64`; a key or header likewise in `key_base64` or as
// {"base64":"…"}. A tombstone's value is null.
#pragma once

#include <string>

#include "app/topic_choice.h"
#include "bus/bus.h"

namespace riffle::app {

std::string record_json(const bus::Record& record, TopicWord topic);

}  // namespace riffle::app
