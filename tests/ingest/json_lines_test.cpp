#include "ingest/adapters/json_lines.h"

#include <gtest/gtest.h>

#include <map>

#include "ingest/csv_reader.h"
#include "ingest/adapted.h"
#include "ingest/files.h"
#include "records/json_codec.h"
#include "records/json_writer.h"

namespace riffle::ingest {
namespace {

using testing_files::Directory;

TEST(JsonLines, EveryLineGoesWhereItsMembersSay) {
  const Directory directory;
  const std::string lines =
      R"({"event":"interaction","type":"click","user_id":"u1","item_id":"i9","timestamp":1760000000123})"
      "\n"
      R"({"event":"impression","user_id":"u2","recommendation_id":"r"})"
      "\n"
      R"({"event":"erase","user_id":"u3"})"
      "\r\n"
      R"({"event":"request","user_id":"u4","n":3})"
      "\n"
      R"(  {"item_id":"i9","title":"红茶","extra":1})"
      "\n"
      "\n"
      R"({"user_id":"u5","age":30})";
  for (const std::string& path :
       {directory.plain("a.jsonl", lines), directory.gzip("a.jsonl.gz", lines)}) {
    auto adapter = JsonLines::open(path);
    ASSERT_TRUE(adapter.ok()) << adapter.status();
    const auto records = all(**adapter);
    ASSERT_EQ(records.size(), 6u);
    const auto is = [&](std::size_t i, ImportInput input, std::string_view key) {
      EXPECT_EQ(records[i].input, input) << i;
      EXPECT_EQ(records[i].key, key);
    };
    is(0, ImportInput::kEvents, "u1");
    is(1, ImportInput::kEvents, "u2");
    is(2, ImportInput::kEvents, "u3");
    is(3, ImportInput::kRequests, "u4");
    is(4, ImportInput::kItems, "i9");
    is(5, ImportInput::kUsers, "u5");
    EXPECT_EQ(records[0].timestamp, from_ms(1760000000123));
    EXPECT_FALSE(records[1].timestamp);
    EXPECT_EQ(records[4].value, R"({"item_id":"i9","title":"红茶","extra":1})");
    EXPECT_EQ(counts_of(**adapter),
              (std::map<std::string, std::uint64_t>{
                  {"event", 3}, {"request", 1}, {"item", 1}, {"user", 1}, {"blank_line", 1}}));
    EXPECT_TRUE((*adapter)->problems().empty());
  }
}

TEST(JsonLines, BadLinesAreCountedAndReportedWithTheirNumberAndTheRestGoesOn) {
  const Directory directory;
  auto adapter = JsonLines::open(directory.plain("shop.jsonl",
                                                 "not json\n"
                                                 R"({"event":"erase","user_id":"u1"})"
                                                 "\n"
                                                 R"({"event":"erase"})"
                                                 "\n"
                                                 R"({"event":7,"user_id":"u"})"
                                                 "\n"
                                                 R"({"hello":1})"
                                                 "\n"
                                                 R"({"item_id":""})"
                                                 "\n"
                                                 R"({"user_id":"u","user_id":"v"})"
                                                 "\n"
                                                 R"({"event":"erase","user_id":")" +
                                                     std::string(2 << 20, 'x') +
                                                     "\"}\n"
                                                     R"({"event":"erase","user_id":"u2"})"
                                                     "\n"));
  ASSERT_TRUE(adapter.ok());
  const auto records = all(**adapter);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[1].key, "u2");
  EXPECT_EQ(counts_of(**adapter), (std::map<std::string, std::uint64_t>{{"event", 2},
                                                                        {"not_json", 1},
                                                                        {"missing_field", 1},
                                                                        {"bad_field", 2},
                                                                        {"unknown_kind", 1},
                                                                        {"duplicate_key", 1},
                                                                        {"too_large", 1}}));
  const auto& problems = (*adapter)->problems();
  ASSERT_EQ(problems.size(), 7u);
  EXPECT_NE(problems[1].find("shop.jsonl:3: missing_field: \"user_id\""), std::string::npos)
      << problems[1];
  EXPECT_NE(problems[6].find("shop.jsonl:8: too_large"), std::string::npos) << problems[6];
}

TEST(JsonLines, OnlyTheFirstProblemsAreKeptButAllAreCounted) {
  const Directory directory;
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += "x\n";
  auto adapter = JsonLines::open(directory.plain("a", lines));
  ASSERT_TRUE(adapter.ok());
  EXPECT_TRUE(all(**adapter).empty());
  EXPECT_EQ((*adapter)->problems().size(), Adapter::kMostProblems);
  EXPECT_EQ(counts_of(**adapter), (std::map<std::string, std::uint64_t>{{"not_json", 1000}}));
}

TEST(JsonLines, AGzipFileCutShortIsAnError) {
  const Directory directory;
  std::string lines;
  for (int i = 0; i < 5000; ++i)
    lines += R"({"event":"erase","user_id":"u)" + std::to_string(i * 7919) + "\"}\n";
  const std::string whole = testing_files::content_of(directory.gzip("a.gz", lines));
  auto adapter = JsonLines::open(directory.plain("cut.gz", whole.substr(0, whole.size() - 9)));
  ASSERT_TRUE(adapter.ok());
  ImportRecord record;
  auto more = (*adapter)->next(record);
  while (more.ok() && *more) more = (*adapter)->next(record);
  EXPECT_EQ(more.status().code(), absl::StatusCode::kDataLoss);
}

// Real Chinese captions, cover texts and category paths as items, through a file and both codecs.
TEST(JsonLines, ChineseCaptionsPassUnharmed) {
  RIFFLE_NEEDS_SHARED_DATA(data);
  auto source = ByteSource::open(data + "/kuairec_side/kuairec_caption_category.csv.gz");
  ASSERT_TRUE(source.ok()) << source.status();
  CsvReader captions(*std::move(source));
  std::vector<std::string> row;
  ASSERT_TRUE(*captions.next(row));
  std::string lines;
  std::vector<records::Item> items;
  while (*captions.next(row)) {
    records::Item item;
    item.item_id.assign(row[0]);
    item.title = row[2];
    item.text = {{"zh", row[1]}};
    item.category = {row[5], row[7], row[9]};
    lines += encode_json(item) + "\n";
    items.push_back(std::move(item));
  }
  const Directory directory;
  auto adapter = JsonLines::open(directory.gzip("items.jsonl.gz", lines));
  ASSERT_TRUE(adapter.ok());
  const auto given = all(**adapter);
  ASSERT_EQ(given.size(), 10728u);
  records::JsonDecoder decoder{records::Limits{}};
  records::Item back;
  for (std::size_t i = 0; i < items.size(); ++i) {
    ASSERT_FALSE(decoder.decode(given[i].value, back));
    ASSERT_EQ(back.title, items[i].title);
    ASSERT_EQ(back.text, items[i].text);
    ASSERT_EQ(back.category, items[i].category);
  }
}

// OTTO's sessions are JSON lines of another shop's format: every line is refused with what it
// lacks, none crashes.
TEST(JsonLines, AnotherShopsJsonIsExplained) {
  RIFFLE_NEEDS_SHARED_DATA(data);
  auto adapter = JsonLines::open(data + "/otto/sessions20.jsonl");
  ASSERT_TRUE(adapter.ok()) << adapter.status();
  EXPECT_TRUE(all(**adapter).empty());
  EXPECT_EQ(counts_of(**adapter), (std::map<std::string, std::uint64_t>{{"unknown_kind", 20}}));
  EXPECT_NE((*adapter)->problems()[0].find("sessions20.jsonl:1: unknown_kind"), std::string::npos);
}

}  // namespace
}  // namespace riffle::ingest
