#include "serving/texts.h"

#include <gtest/gtest.h>

namespace riffle::serving {
namespace {

TEST(Texts, SayTheEvidencesTitleInBothLanguages) {
  EXPECT_EQ(text_of(ReasonCode::kBecauseBought, "en", "Red shoes"), "Because you bought Red shoes");
  EXPECT_EQ(text_of(ReasonCode::kBecauseBought, "zh", "红鞋"), "因为您购买过“红鞋”");
  EXPECT_EQ(text_of(ReasonCode::kPopular, "en", "ignored"), "Popular with many customers");
}

TEST(Texts, EveryCodeHasItsOwnNameAndTexts) {
  for (int code = 0; code <= static_cast<int>(ReasonCode::kExplored); ++code) {
    const auto reason = static_cast<ReasonCode>(code);
    EXPECT_FALSE(code_of(reason).empty());
    EXPECT_NE(text_of(reason, "en", "x"), text_of(reason, "zh", "x"));
    for (int other = 0; other < code; ++other) EXPECT_NE(code_of(reason), code_of(static_cast<ReasonCode>(other)));
  }
}

TEST(Texts, ATitleMayHoldAPlaceholderItself) {
  EXPECT_EQ(text_of(ReasonCode::kFollows, "en", "{} {}"), "Often comes after {} {}");
}

TEST(Texts, AnUnknownLanguageFallsBackToTheConfiguredOne) {
  EXPECT_EQ(known_language("zh-Hans-CN", "en"), "zh");
  EXPECT_EQ(known_language("ZH_cn", "en"), "zh");
  EXPECT_EQ(known_language("fr", "zh"), "zh");
  EXPECT_EQ(known_language("", "zh"), "zh");
  EXPECT_EQ(known_language("eng", "nowhere"), "en");
  EXPECT_EQ(known_language("z", ""), "en");
}

}  // namespace
}  // namespace riffle::serving
