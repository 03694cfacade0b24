// The page of `riffle ope --html`, by itself and in a real browser.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/rng.h"
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

// 3,000 lists of three slots over ten days, some of which would be tags, were they not escaped; `marginals` makes iips apply.
std::string make_page(const Scratch& scratch, bool marginals, const std::vector<std::string>& more = {}) {
  Rng rng(4);
  std::string lines;
  for (int i = 0; i < 3000; ++i) {
    for (int k = 0; k < 3; ++k) {
      const bool liked = ((i >> k) & 1) == 0;  // half of each slot, whatever is above
      lines += "{\"recommendation_id\":\"r" + std::to_string(i) + "\",\"user_id\":\"<u" + std::to_string(i % 700) +
               ">\",\"position\":" + std::to_string(k) + ",\"action\":\"a" + std::to_string(rng.below(12)) +
               "\",\"reward\":" + (rng.uniform() < (liked ? .2 : .1) ? "1" : "0") + ",\"propensity\":" +
               (liked ? "0.2" : "0.1") + ",\"target_propensity\":" + (liked ? "0.25" : "0.075") +
               (marginals ? std::string(",\"marginal_propensity\":0.1,\"target_marginal_propensity\":") +
                                (liked ? "0.12" : "0.08")
                          : std::string()) +
               ",\"timestamp\":" + std::to_string(1'760'000'000'000 + i * 288'000LL) + "}\n";
    }
  }
  std::vector<std::string> command = {"ope", scratch.write("<log>.jsonl", lines), "--target", "lines", "--html",
                                      scratch / "page.html"};
  command.insert(command.end(), more.begin(), more.end());
  const auto result = riffle(command);
  EXPECT_TRUE(result.code == 0 || result.code == 9) << result.err;
  return riffle::testing::read_whole(scratch / "page.html");
}

TEST(OpePage, StandsAlone) {
  const Scratch scratch;
  const std::string page = make_page(scratch, true);
  for (const char* outside : {"http://", "https://", " src=", "href=", "url(", "@import", "<script", "<log>"})
    EXPECT_THAT(page, Not(HasSubstr(outside)));
  EXPECT_THAT(page, HasSubstr("&lt;log&gt;.jsonl"));
  EXPECT_THAT(page, HasSubstr("prefers-color-scheme:dark"));
  EXPECT_THAT(page, HasSubstr("@media print"));
  EXPECT_THAT(page, HasSubstr("Value over time"));
  EXPECT_THAT(page, HasSubstr("<td>iips</td>"));
}

TEST(OpePage, SaysWhatWasRefusedAndWhatToDo) {
  const Scratch scratch;
  const std::string page = make_page(scratch, false, {"-e", "rips,ips"});
  EXPECT_THAT(page, HasSubstr("refused: not_applicable"));
  EXPECT_THAT(page, HasSubstr("ips is of lists with one slot"));
  EXPECT_THAT(page, HasSubstr("ask for sips, rips or cascade-dr"));
  EXPECT_THAT(page, Not(HasSubstr("whatever is above")));
}

TEST(OpePage, IsReadableInABrowserLightAndDark) {
  const std::string chromium = riffle::testing::browser();
  if (chromium.empty()) GTEST_SKIP() << "there is no Chromium";
  const Scratch scratch;
  riffle::testing::expect_readable(chromium, scratch, make_page(scratch, true), "2");
}

TEST(OpePage, ThatCannotBeWrittenIsAnError) {
  const Scratch scratch;
  const std::string log = scratch.write("log.jsonl", "{\"action\":\"a\",\"reward\":1,\"propensity\":1,\"target_propensity\":1}\n");
  const auto result = riffle({"ope", log, "--target", "lines", "--html", scratch / "nowhere/page.html"});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.err, HasSubstr("cannot write"));
}

}  // namespace
}  // namespace riffle::app
