#include "serving/texts.h"

#include <gtest/gtest.h>

#include <string>

namespace riffle::serving {
namespace {

std::string said(ReasonCode code, std::string_view language, std::string_view title) {
  const ReasonText text = text_of(code, language, title);
  return std::string(text.before).append(text.title).append(text.after);
}

TEST(Texts, SayTheEvidencesTitleInBothLanguages) {
  EXPECT_EQ(said(ReasonCode::kBecauseBought, "en", "Red shoes"), "Because you bought Red shoes");
  EXPECT_EQ(said(ReasonCode::kBecauseBought, "zh", "红鞋"), "因为您购买过“红鞋”");
  EXPECT_EQ(said(ReasonCode::kPopular, "en", "ignored"), "Popular with many customers");
}

TEST(Texts, EveryCodeHasItsOwnNameAndTexts) {
  for (int code = 0; code <= static_cast<int>(ReasonCode::kFitsHistory); ++code) {
    const auto reason = static_cast<ReasonCode>(code);
    EXPECT_FALSE(code_of(reason).empty());
    EXPECT_NE(said(reason, "en", "x"), said(reason, "zh", "x"));
    for (int other = 0; other < code; ++other) EXPECT_NE(code_of(reason), code_of(static_cast<ReasonCode>(other)));
  }
}

TEST(Texts, ATitleMayHoldAPlaceholderItself) {
  EXPECT_EQ(said(ReasonCode::kFollows, "en", "{} {}"), "Often comes after {} {}");
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
