// What `riffle explain` says of a decision.
#pragma once

#include <optional>
#include <string>

#include "app/explain/found_decision.h"
#include "app/explain/item_fate.h"
#include "app/explain/made_again.h"

namespace riffle::app {

struct Explanation {
  FoundDecision found;
  MadeAgain again;
  std::string item;              // asked about; empty: none
  std::optional<ItemFate> fate;  // points into found
};

std::string explanation_text(const Explanation& explanation);
std::string explanation_json(const Explanation& explanation);

}  // namespace riffle::app
