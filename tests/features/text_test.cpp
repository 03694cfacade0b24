#include "features/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.h"

namespace riffle::features {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Text, WordsAreLowerCasedRunsOfLettersAndDigits) {
  EXPECT_THAT(tokens("Red SHOES, size-42!"), ElementsAre("red", "shoes", "size", "42"));
  EXPECT_THAT(tokens("Grüße ÉTÉ Обувь ΑΒΓ"), ElementsAre("grüße", "été", "обувь", "αβγ"));
  EXPECT_THAT(tokens("  — … “ ” "), IsEmpty());
}

TEST(Text, ChineseIsReadByPairsOfCharacters) {
  EXPECT_THAT(tokens("红色的鞋"), ElementsAre("红色", "色的", "的鞋"));
  EXPECT_THAT(tokens("鞋"), ElementsAre("鞋"));
  EXPECT_THAT(tokens("iPhone手机，15寸"), ElementsAre("iphone", "手机", "15", "寸"));
  EXPECT_THAT(tokens("靴、ブーツ"), ElementsAre("靴", "ブー", "ーツ"));
}

TEST(Text, FullWidthLettersAreOrdinaryOnes) {
  EXPECT_THAT(tokens("ＡＢＣ１２"), ElementsAre("abc12"));
}

TEST(Text, BrokenBytesSeparateWordsAndNeverHarm) {
  EXPECT_THAT(tokens("a\xFF"
                     "b\xE4\xBD"),
              ElementsAre("a", "b"));
  Rng rng(1);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes(rng.below(20), '\0');
    for (char& byte : bytes) byte = static_cast<char>(rng.below(256));
    for (const std::string& token : tokens(bytes)) EXPECT_FALSE(token.empty());
  }
}

}  // namespace
}  // namespace riffle::features
