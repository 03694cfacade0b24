#include "app/explain/item_fate.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/hash.h"

namespace riffle::app {

using Stage = ItemFate::Stage;

ItemFate fate_of(const pb::Decision& decision, ItemKey item, const records::Request* request) {
  ItemFate fate;
  const auto candidates = static_cast<std::uint64_t>(decision.candidate_keys_size());
  for (int i = 0; i < decision.slots_size(); ++i) {
    const pb::Slot& slot = decision.slots(i);
    if (slot.item_key() == item.value()) fate.slot = i;
    fate.slots_with_closed += candidates > 0 && slot.allowed() + static_cast<std::uint64_t>(i) < candidates ? 1 : 0;
  }
  if (fate.slot >= 0) {
    fate.stage = Stage::kListed;
    return fate;
  }
  const auto& keys = decision.candidate_keys();
  if (std::find(keys.begin(), keys.end(), item.value()) == keys.end()) {
    if (!keys.empty()) fate.stage = Stage::kNotCandidate;
    if (!request) return fate;
    const auto names = [&](const ItemId& id) { return key_of(id) == item; };
    if (std::any_of(request->exclude_items.begin(), request->exclude_items.end(), names)) {
      fate.stage = Stage::kExcluded;
    } else if (!request->candidates.empty() &&
               std::none_of(request->candidates.begin(), request->candidates.end(),
                            [&](const records::RequestCandidate& candidate) { return names(candidate.item_id); })) {
      fate.stage = Stage::kNotAsked;
    }
    return fate;
  }
  fate.stage = Stage::kNotDrawn;
  for (const pb::CandidateLog& candidate : decision.candidates())
    if (candidate.item_key() == item.value()) fate.logged = &candidate;
  if (!fate.logged) return fate;
  for (const pb::Slot& slot : decision.slots()) fate.slots_scored_below += slot.score() < fate.logged->score() ? 1 : 0;
  if (!decision.fully_logged()) return fate;
  fate.rank = 1;
  for (const pb::CandidateLog& candidate : decision.candidates())
    fate.rank += candidate.score() > fate.logged->score() ? 1 : 0;
  return fate;
}

std::string words_of(const ItemFate& fate, const pb::Decision& decision, const std::string& item_id) {
  const int candidates = decision.candidate_keys_size();
  switch (fate.stage) {
    case Stage::kListed: {
      const double propensity = decision.slots(fate.slot).propensity();
      return absl::StrCat(
          item_id, " is in the list, at position ", fate.slot,
          propensity > 0 ? absl::StrFormat(", where it was put with probability %.6g", propensity) : "");
    }
    case Stage::kExcluded:
      return absl::StrCat(item_id, " was excluded by the request (exclude_items)");
    case Stage::kNotAsked:
      return absl::StrCat("the request brought its own candidates, and ", item_id, " is not among them");
    case Stage::kUnknown:
      return absl::StrCat("the log does not have this list's candidates: whether ", item_id, " was one cannot be told");
    case Stage::kNotCandidate:
      return absl::StrCat(
          item_id, " was not among the ", candidates,
          " candidates. No source gathered it within its quota, or a rule refused it (excluded by the "
          "request, bought or seen before, out of stock, unknown to the catalogue): the log does not tell "
          "which of the two");
    case Stage::kNotDrawn:
      break;
  }
  std::string words =
      absl::StrCat(item_id, " was gathered, allowed and one of the ", candidates, " candidates; no slot drew it. ");
  if (!fate.logged) {
    absl::StrAppend(&words, "Its score is not logged: ", decision.candidates_size(),
                    " of the candidates were sampled. "
                    "serving.full_log_share says for which share of the decisions all are");
    return words;
  }
  absl::StrAppendFormat(&words, "Its score was %.6g", fate.logged->score());
  if (fate.rank > 0) absl::StrAppend(&words, ", rank ", fate.rank, " of all candidates");
  if (fate.slots_scored_below == 0) {
    absl::StrAppend(&words, ": it scored below every item of the list");
  } else {
    absl::StrAppend(&words, ": ", fate.slots_scored_below, " of the list's ", decision.slots_size(),
                    " items scored lower and were put there by diversity, chance or caps");
  }
  if (fate.slots_with_closed > 0)
    absl::StrAppend(&words, ". At ", fate.slots_with_closed,
                    " slots category caps had closed candidates; the log does not tell whether it was one of them");
  return words;
}

}  // namespace riffle::app
