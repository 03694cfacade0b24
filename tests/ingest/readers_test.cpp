// Bytes, lines and rows out of files.
#include <gtest/gtest.h>

#include "ingest/byte_source.h"
#include "ingest/csv_reader.h"
#include "ingest/files.h"
#include "ingest/line_reader.h"

namespace riffle::ingest {
namespace {

using testing_files::Directory;
using Rows = std::vector<std::vector<std::string>>;

absl::StatusOr<std::string> all_bytes(const std::string& path) {
  auto source = ByteSource::open(path);
  if (!source.ok()) return source.status();
  std::string all;
  for (;;) {
    const auto piece = (*source)->read();
    if (!piece.ok()) return piece.status();
    if (piece->empty()) return all;
    all += *piece;
  }
}

absl::StatusOr<Rows> rows_of(const std::string& path) {
  auto source = ByteSource::open(path);
  if (!source.ok()) return source.status();
  CsvReader reader(*std::move(source));
  Rows rows;
  std::vector<std::string> fields;
  for (;;) {
    const auto more = reader.next(fields);
    if (!more.ok()) return more.status();
    if (!*more) return rows;
    rows.push_back(fields);
  }
}

std::string noise(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; text.size() < size; ++i) text += std::to_string(i * 2654435761u) + "\n";
  return text;
}

TEST(ByteSource, PlainAndGzipGiveTheSameBytes) {
  const Directory directory;
  const std::string text = noise(3 << 20);
  EXPECT_EQ(*all_bytes(directory.plain("a", text)), text);
  EXPECT_EQ(*all_bytes(directory.gzip("b", text)), text);
  EXPECT_EQ(*all_bytes(directory.plain("empty", "")), "");
}

TEST(ByteSource, GzipMembersInARowAreOneText) {
  const Directory directory;
  const std::string a = testing_files::content_of(directory.gzip("a", "first\n"));
  const std::string b = testing_files::content_of(directory.gzip("b", "second\n"));
  EXPECT_EQ(*all_bytes(directory.plain("both", a + b)), "first\nsecond\n");
}

TEST(ByteSource, AGzipFileCutAnywhereIsAnErrorThatSaysSo) {
  const Directory directory;
  const std::string whole = testing_files::content_of(directory.gzip("a", noise(20000)));
  for (std::size_t size = 20; size < whole.size(); size += 97) {
    const auto read = all_bytes(directory.plain("cut.gz", whole.substr(0, size)));
    ASSERT_FALSE(read.ok()) << size;
    EXPECT_EQ(read.status().code(), absl::StatusCode::kDataLoss);
    EXPECT_NE(read.status().message().find("cut short"), absl::string_view::npos) << read.status();
    EXPECT_NE(read.status().message().find("cut.gz"), absl::string_view::npos);
  }
}

TEST(ByteSource, ACorruptGzipFileIsAnError) {
  const Directory directory;
  std::string whole = testing_files::content_of(directory.gzip("a", noise(20000)));
  for (std::size_t i = 0; i < 40; ++i) whole[whole.size() / 2 + i] ^= 0x55;
  EXPECT_EQ(all_bytes(directory.plain("broken.gz", whole)).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST(ByteSource, WhatCannotBeOpenedNamesItsPath) {
  const Directory directory;
  const auto missing = all_bytes(directory.path() + "/none");
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  EXPECT_NE(missing.status().message().find("/none"), absl::string_view::npos);
  EXPECT_FALSE(all_bytes(directory.path()).ok());
}

TEST(LineReader, LinesEndWithLfOrCrLfAndTheLastOneWithTheEnd) {
  const Directory directory;
  LineReader lines(*ByteSource::open(directory.plain("a", "\xEF\xBB\xBFone\r\n\ntwo\rparts\nlast")),
                   100);
  std::string_view line;
  for (const char* expected : {"one", "", "two\rparts", "last"}) {
    ASSERT_TRUE(*lines.next(line));
    EXPECT_EQ(line, expected);
  }
  EXPECT_EQ(lines.number(), 4u);
  EXPECT_FALSE(*lines.next(line));
}

TEST(LineReader, ALongLineIsCutAndTheNextIsWhole) {
  const Directory directory;
  LineReader lines(*ByteSource::open(directory.plain("a", std::string(1 << 20, 'x') + "\nshort\n")),
                   10);
  std::string_view line;
  ASSERT_TRUE(*lines.next(line));
  EXPECT_EQ(line, "xxxxxxxxxx");
  EXPECT_TRUE(lines.cut());
  ASSERT_TRUE(*lines.next(line));
  EXPECT_EQ(line, "short");
  EXPECT_FALSE(lines.cut());
}

TEST(CsvReader, QuotedFieldsHoldCommasQuotesAndLineEnds) {
  const Directory directory;
  const auto rows = rows_of(directory.plain(
      "a.csv", "a,\"b, c\",\"say \"\"hi\"\"\"\r\n\"two\nlines\",,\"\"\n\nx\ry,5\" disc,\"q\"z\n"));
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(
      *rows,
      (Rows{{"a", "b, c", "say \"hi\""}, {"two\nlines", "", ""}, {"x\ry", "5\" disc", "qz"}}));
}

TEST(CsvReader, ALastRowWithoutLineEndAndEmptyFieldsAtTheEndCount) {
  const Directory directory;
  EXPECT_EQ(*rows_of(directory.plain("a.csv", "a,\n,b")), (Rows{{"a", ""}, {"", "b"}}));
  EXPECT_EQ(*rows_of(directory.plain("b.csv", "")), Rows{});
}

TEST(CsvReader, AQuoteLeftOpenIsAnErrorWithItsLine) {
  const Directory directory;
  const auto at_the_end = rows_of(directory.plain("a.csv", "a,b\nc,\"d\ne\n"));
  ASSERT_FALSE(at_the_end.ok());
  EXPECT_NE(at_the_end.status().message().find("a.csv:2:"), absl::string_view::npos)
      << at_the_end.status();
  const auto swallowing = rows_of(directory.plain("b.csv", "\"" + noise(2 << 20)));
  ASSERT_FALSE(swallowing.ok());
  EXPECT_NE(swallowing.status().message().find("b.csv:1:"), absl::string_view::npos)
      << swallowing.status();
}

// 10,728 videos; four captions hold a bare CR, at which a reader that breaks there would see
// 10,732.
TEST(CsvReader, ReadsEveryRowOfTheChineseCaptions) {
  RIFFLE_NEEDS_SHARED_DATA(data);
  const auto rows = rows_of(data + "/kuairec_side/kuairec_caption_category.csv.gz");
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(rows->size(), 10729u);
  for (const auto& row : *rows) ASSERT_EQ(row.size(), 10u);
  EXPECT_EQ(rows->at(1)[2], "精神小伙路难走 程哥你狗粮慢点撒");
}

}  // namespace
}  // namespace riffle::ingest
