// Which items a request may be answered with. Rules hold for every source alike, the request's own candidates included
// (but those may be items that nobody has seen yet: the request itself says their ids).
#pragma once

#include <cstdint>

#include "base/ids.h"
#include "records/request.h"
#include "records/rows.h"
#include "serving/options.h"
#include "serving/scratch_map.h"

namespace riffle::serving {

// What is known of an item when the rules look at it.
struct RuleFacts {
  ItemKey key;
  bool has_id = false;                               // its id has been said, by an event or by the catalogue
  bool requested = false;                            // by this request's candidates
  bool in_catalogue = false;
  bool available = true;                             // as the catalogue says
};

class Rules {
 public:
  // `user` may be null. What the user bought or saw is read from his bounded history.
  void reset(const records::Request& request, const records::UserRow* user, const ServingOptions& options);
  bool allows(const RuleFacts& item) const {
    if (item.in_catalogue) {
      if (!item.available) return false;
    } else if (!item.requested && (!item.has_id || !serve_unknown_)) {
      return false;
    }
    const auto* marks = marks_.find(item.key.value());
    return !marks || (marks->value & refused_) == 0;
  }

 private:
  enum Mark : std::uint8_t { kExcluded = 1, kBought = 2, kSeen = 4 };
  ScratchMap<std::uint8_t> marks_;
  std::uint8_t refused_ = 0;       // marks that refuse an item
  bool serve_unknown_ = true;
};

}  // namespace riffle::serving
