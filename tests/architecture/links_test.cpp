#include "architecture/links.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "architecture/temporary_tree.h"

namespace riffle::architecture {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Links, EveryRelativeLinkOfTheDocumentsLeadsSomewhere) {
  EXPECT_THAT(dead_links(RIFFLE_SOURCE_DIR), IsEmpty());
}

TEST(Links, AMissingFileAndAMissingHeadingAreReportedWithFileAndLine) {
  const TemporaryTree tree;
  tree.write("README.md",
             "# Riffle\nSee [a](docs/a.md), "
             "[b](docs/b.md).\n\n[c](docs/a.md#no-such-thing)\n[d](#nowhere)\n");
  tree.write(
      "docs/a.md",
      "# Here it is: `all` of it\n[up](../README.md#riffle) ![picture](flow.svg \"the flow\")\n");
  EXPECT_THAT(dead_links(tree.root()),
              ElementsAre("README.md:2: docs/b.md", "README.md:4: docs/a.md#no-such-thing",
                          "README.md:5: #nowhere", "docs/a.md:2: flow.svg"));
}

TEST(Links, LinksToOtherSitesAndTextInCodeAreLeftAlone) {
  const TemporaryTree tree;
  tree.write("README.md",
             "[site](https://kafka.apache.org/x) [mail](mailto:a@b.c) "
             "`[code](gone.md)`\n```\n[more](gone.md)\n```\n"
             "[itself](#how-it-works-in-short) <!-- -->\n## How it works, in short\n");
  EXPECT_THAT(dead_links(tree.root()), IsEmpty());
}

}  // namespace
}  // namespace riffle::architecture
