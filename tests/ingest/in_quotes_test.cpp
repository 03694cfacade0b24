#include "ingest/in_quotes.h"

#include <gtest/gtest.h>

namespace riffle::ingest {
namespace {

TEST(InQuotes, TextIsShownAndOtherBytesAreEscaped) {
  EXPECT_EQ(in_quotes("u1"), "\"u1\"");
  EXPECT_EQ(in_quotes(""), "\"\"");
  EXPECT_EQ(in_quotes("用户"), "\"用户\"");
  EXPECT_EQ(in_quotes("a\nb\"c"), "\"a\\nb\\\"c\"");
  EXPECT_EQ(in_quotes("\xff"), "\"\\xff\"");
}

TEST(InQuotes, LongTextIsCutBetweenCharacters) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "用";
  const std::string shown = in_quotes(text);
  EXPECT_TRUE(shown.ends_with("用\"…")) << shown;
  EXPECT_LT(shown.size(), 100u);
}

}  // namespace
}  // namespace riffle::ingest
