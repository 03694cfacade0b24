// A decision as the list that is published: the JSON of the `recommendations` topic (DESIGN §3).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "records/riffle.pb.h"

namespace riffle::records {

// Why an item is in the list. `code` is part of the contract, the text is for people: `text`, `title` and `text_after` in one.
struct ListReason {
  std::string_view code;
  std::string_view evidence;     // the item that led here; empty: none
  std::string_view text;
  std::string_view title = {};
  std::string_view text_after = {};
};

// What the list says beyond the decision, one a slot.
struct ListedSlotNotes {
  std::string_view source;       // where the item came from
  std::vector<ListReason> reasons;
};

struct ListNotes {
  std::string_view request_name;         // of a request without an id: its record's place
  std::vector<ListedSlotNotes> slots;    // as many as the decision's
  double took_ms = 0;
};

// Replaces `out`. The decision's numbers must be finite. The same input gives the same bytes.
void encode_list(const pb::Decision& decision, const ListNotes& notes, std::string& out);

}  // namespace riffle::records
