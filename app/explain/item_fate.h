// At which stage of a decision an item fell out, as far as what was logged can tell.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/ids.h"
#include "records/request.h"
#include "records/riffle.pb.h"

namespace riffle::app {

struct ItemFate {
  enum class Stage {
    kListed,        // it is in the list
    kNotDrawn,      // a candidate that no slot drew
    kNotCandidate,  // not gathered, or refused by a rule
    kExcluded,      // the request named it among exclude_items
    kNotAsked,      // the request brought its own candidates, and it is not among them
    kUnknown        // the candidates are not in the log
  };
  Stage stage = Stage::kUnknown;
  int slot = -1;                             // kListed
  const pb::CandidateLog* logged = nullptr;  // kNotDrawn: with its score and features, where they were logged
  std::uint64_t rank = 0;                    // kNotDrawn: by score among all candidates, from 1; 0: not all were logged
  std::uint64_t slots_scored_below = 0;      // kNotDrawn: slots whose item has a lower score than it
  std::uint64_t slots_with_closed = 0;       // slots at which something else than the slots above closed candidates
};

// `request`: where it is known. The fate points into `decision`.
ItemFate fate_of(const pb::Decision& decision, ItemKey item, const records::Request* request);

// In a sentence or two: what happened, what the log cannot tell, and what would make it tell.
std::string words_of(const ItemFate& fate, const pb::Decision& decision, const std::string& item_id);

}  // namespace riffle::app
