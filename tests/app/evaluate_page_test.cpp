// The page of `riffle evaluate --html` in a real browser.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/browser.h"
#include "tests/support/command.h"
#include "tests/support/process.h"
#include "tests/support/scratch.h"

namespace riffle::app {
namespace {

using riffle::testing::riffle;
using riffle::testing::Scratch;
using ::testing::HasSubstr;
using ::testing::Not;

// 40 users of 12 items in 3 categories over 60 days; a title that would be a tag, were it not escaped.
std::string make_page(const Scratch& scratch) {
  std::string lines;
  for (int item = 0; item < 12; ++item)
    lines += "{\"item_id\":\"i" + std::to_string(item) + "\",\"title\":\"Bowl number " + std::to_string(item) +
             " <b>\",\"category\":[\"home\",\"c" + std::to_string(item % 3) + "\"]}\n";
  for (int i = 0; i < 1500; ++i)
    lines += "{\"event\":\"interaction\",\"type\":\"purchase\",\"user_id\":\"u" + std::to_string(i * 7 % 40) +
             "\",\"item_id\":\"i" + std::to_string(i * i % 12) +
             "\",\"timestamp\":" + std::to_string(1'300'000'000'000 + i * 3'456'000LL) + "}\n";
  const auto result =
      riffle({"evaluate", scratch.write("<shop>.jsonl", lines), "-k", "3,5", "--html", scratch / "page.html"});
  EXPECT_EQ(result.code, 0) << result.err;
  return riffle::testing::read_whole(scratch / "page.html");
}

TEST(EvaluatePage, StandsAlone) {
  const Scratch scratch;
  const std::string page = make_page(scratch);
  for (const char* outside : {"http://", "https://", " src=", "href=", "url(", "@import", "<script", "<shop>"})
    EXPECT_THAT(page, Not(HasSubstr(outside)));
  EXPECT_THAT(page, HasSubstr("&lt;shop&gt;.jsonl"));
  EXPECT_THAT(page, HasSubstr("prefers-color-scheme:dark"));
  EXPECT_THAT(page, HasSubstr("@media print"));
}

TEST(EvaluatePage, IsReadableInABrowserLightAndDark) {
  const std::string chromium = riffle::testing::browser();
  if (chromium.empty()) GTEST_SKIP() << "there is no Chromium";
  const Scratch scratch;
  riffle::testing::expect_readable(chromium, scratch, make_page(scratch), "3");
}

}  // namespace
}  // namespace riffle::app
