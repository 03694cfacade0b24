// What a reason says to people, by language. A template's {} is the title of the evidence.
#pragma once

#include <string_view>

namespace riffle::serving {

// Codes of reasons, as lists carry them. Part of the contract: add, never rename.
enum class ReasonCode {
  kBecauseViewed,    // because_viewed: met together with an item that the user viewed
  kBecauseClicked,   // because_clicked
  kBecauseBought,    // because_bought
  kBecauseChosen,    // because_chosen: … that he put in his basket, liked or rated
  kFollows,          // follows: what people turn to after the evidence
  kOwnFrequent,      // own_frequent: he bought it more than once
  kOwnBought,        // own_bought: he bought it
  kOwnSeen,          // own_seen: he looked at it
  kTrending,         // trending
  kPopular,          // popular
  kNewItem,          // new_item
  kAsked,            // asked: one of the request's own candidates
  kExplored,         // explored: put there to learn, not because it was thought best
  kLikedCategory,    // liked_category: popular in a category that the user likes
  kSimilarTo,        // similar_to: with a title like that of one of his items
  kFitsHistory       // fits_history: likely to come next after all that he did lately
};
std::string_view code_of(ReasonCode code);

// A language that has texts: of "zh-CN" it is "zh"; of one that is not known, or of none, `fallback`'s; else "en".
std::string_view known_language(std::string_view wanted, std::string_view fallback);

// A text around a title, none of it copied.
struct ReasonText {
  std::string_view before, title, after;
};
// `language` as known_language gives it. `title` is left out where the template has no place for it.
ReasonText text_of(ReasonCode code, std::string_view language, std::string_view title);

}  // namespace riffle::serving
