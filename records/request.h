// An ask for a list: one record of the `requests` topic (DESIGN §3).
//
//   {"event":"request","request_id":"r1","user_id":"u1","session_id":"s1","surface":"home","n":10,"diversity":0.3,
//    "explore":1.0,"candidates":["i1",{"item_id":"i2","score":0.7}],"exclude_items":["i3"],"deadline_ms":50,
//    "language":"en","context":{}}
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace riffle::records {

struct RequestCandidate {
  ItemId item_id;
  std::optional<double> score;  // the shop's own, for the scorer `given`
};

struct Request {
  RequestId request_id;                       // empty: the record's place is its name
  UserId user_id;
  SessionId session_id;
  std::string surface;
  std::optional<std::int32_t> n;              // none: the surface's default
  std::optional<double> diversity;            // λ ∈ [0,1]; none: the policy's
  std::optional<double> explore;              // scales exploration, 0 … 1; none: 1
  std::vector<RequestCandidate> candidates;   // not empty: choose among these only
  std::vector<ItemId> exclude_items;
  std::optional<Milliseconds> deadline;       // from the record's time
  std::optional<TimePoint> timestamp;         // none: shard time
  std::string language;                       // of the reasons' texts; empty: the default
  std::string context;                        // a JSON object, as sent; empty: none

  void clear();
};

}  // namespace riffle::records
