#include "serving/texts.h"

#include <array>
#include <utility>

#include "base/check.h"

namespace riffle::serving {
namespace {

struct Texts {
  ReasonCode code;
  std::string_view name;
  std::string_view english;
  std::string_view chinese;
};

// In the order of the codes.
constexpr std::array kTexts{
    Texts{ReasonCode::kBecauseViewed, "because_viewed", "Because you viewed {}", "因为您浏览过“{}”"},
    Texts{ReasonCode::kBecauseClicked, "because_clicked", "Because you looked closer at {}", "因为您点击过“{}”"},
    Texts{ReasonCode::kBecauseBought, "because_bought", "Because you bought {}", "因为您购买过“{}”"},
    Texts{ReasonCode::kBecauseChosen, "because_chosen", "Because you picked {}", "因为您选中过“{}”"},
    Texts{ReasonCode::kFollows, "follows", "Often comes after {}", "看过“{}”的顾客接着常看"},
    Texts{ReasonCode::kOwnFrequent, "own_frequent", "You often buy this", "您经常购买"},
    Texts{ReasonCode::kOwnBought, "own_bought", "You bought this before", "您曾购买过"},
    Texts{ReasonCode::kOwnSeen, "own_seen", "You looked at this before", "您曾看过"},
    Texts{ReasonCode::kTrending, "trending", "Trending right now", "近期热门"},
    Texts{ReasonCode::kPopular, "popular", "Popular with many customers", "很受顾客欢迎"},
    Texts{ReasonCode::kNewItem, "new_item", "Newly arrived", "新品上架"},
    Texts{ReasonCode::kAsked, "asked", "Chosen from the items asked for", "选自指定的商品"},
    Texts{ReasonCode::kExplored, "explored", "Something different, to learn what you like", "换个口味，看看您是否喜欢"},
    Texts{ReasonCode::kLikedCategory, "liked_category", "Popular in a category you like", "您喜欢的品类中的热门商品"},
    Texts{ReasonCode::kSimilarTo, "similar_to", "Similar to {}", "与“{}”相似"},
    Texts{ReasonCode::kFitsHistory, "fits_history", "Goes with what you looked at lately", "与您近期的兴趣相符"}};

const Texts& texts_of(ReasonCode code) {
  const Texts& texts = kTexts[static_cast<std::size_t>(code)];
  RIFFLE_CHECK(texts.code == code, "reason", static_cast<int>(code));
  return texts;
}

// The primary subtag of BCP 47, in lower case: "zh" of "zh-Hans-CN" and of "ZH_cn". Empty: no texts in it.
std::string_view supported(std::string_view language) {
  for (const std::string_view known : {std::string_view("en"), std::string_view("zh")}) {
    if (language.size() < known.size()) continue;
    const bool same = (language[0] | 0x20) == known[0] && (language[1] | 0x20) == known[1];
    if (same && (language.size() == 2 || language[2] == '-' || language[2] == '_')) return known;
  }
  return {};
}

}  // namespace

std::string_view code_of(ReasonCode code) { return texts_of(code).name; }

std::string_view known_language(std::string_view wanted, std::string_view fallback) {
  if (const std::string_view language = supported(wanted); !language.empty()) return language;
  if (const std::string_view language = supported(fallback); !language.empty()) return language;
  return "en";
}

ReasonText text_of(ReasonCode code, std::string_view language, std::string_view title) {
  const Texts& texts = texts_of(code);
  const std::string_view text = language == "zh" ? texts.chinese : texts.english;
  const std::size_t place = text.find("{}");
  if (place == std::string_view::npos) return {text, {}, {}};
  return {text.substr(0, place), title, text.substr(place + 2)};
}

}  // namespace riffle::serving
