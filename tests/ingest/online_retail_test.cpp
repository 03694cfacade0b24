#include "ingest/adapters/online_retail.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "ingest/admission.h"
#include "ingest/adapted.h"
#include "ingest/files.h"
#include "records/json_codec.h"

namespace riffle::ingest {
namespace {

using testing_files::Directory;

constexpr const char* kHeader =
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

records::Event event_of(const ImportRecord& record) {
  records::JsonDecoder decoder{records::Limits{}};
  records::Event event;
  const auto reason = decoder.decode(record.value, event);
  EXPECT_FALSE(reason) << record.value << reason->message;
  return event;
}

records::Item item_of(const ImportRecord& record) {
  records::JsonDecoder decoder{records::Limits{}};
  records::Item item;
  const auto reason = decoder.decode(record.value, item);
  EXPECT_FALSE(reason) << record.value << reason->message;
  return item;
}

TEST(OnlineRetail, ASoldLineIsAnItemAndThenAPurchase) {
  const Directory directory;
  auto adapter = OnlineRetail::open(directory.plain(
      "a.csv", std::string(kHeader) + "536365,85123A,\"WHITE \"\"HEART\"\", HOLDER \",6,2010-12-01 "
                                      "08:26:00,2.55,17850.0,United Kingdom\n"));
  ASSERT_TRUE(adapter.ok()) << adapter.status();
  const auto records = all(**adapter);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].input, ImportInput::kItems);
  EXPECT_EQ(records[0].key, "85123A");
  const records::Item item = item_of(records[0]);
  EXPECT_EQ(item.title, "WHITE \"HEART\", HOLDER");
  EXPECT_EQ(item.price, 2.55);
  EXPECT_EQ(records[1].input, ImportInput::kEvents);
  EXPECT_EQ(records[1].key, "17850");
  const records::Event event = event_of(records[1]);
  EXPECT_EQ(event.type, records::InteractionType::kPurchase);
  EXPECT_EQ(event.user_id, UserId("17850"));
  EXPECT_EQ(event.item_id, ItemId("85123A"));
  EXPECT_EQ(event.session_id, SessionId("536365"));
  EXPECT_EQ(event.event_id, EventId("536365:1"));
  EXPECT_EQ(event.value, 6.0);
  EXPECT_EQ(event.timestamp, from_ms(1291191960000));
  EXPECT_EQ(records[1].timestamp, event.timestamp);
  EXPECT_EQ(event.fields, R"({"price":2.55,"invoice":"536365","country":"United Kingdom"})");
}

TEST(OnlineRetail, EveryRowIsUsedOrCountedUnderTheFirstReasonThatHolds) {
  const Directory directory;
  auto adapter = OnlineRetail::open(directory.gzip(
      "a.csv.gz", std::string(kHeader) +
                      "1,A,tea,1,2010-12-01 08:26:00,2,7.0,UK\n"    // purchase
                      "C2,A,tea,-1,2010-12-01 08:26:00,0,,UK\n"     // cancellation before all else
                      "3,A,damaged,-1,2010-12-01 08:26:00,0,,UK\n"  // quantity before price
                      "3,A,?,0,2010-12-01 08:26:00,2,7.0,UK\n"      // zero is not positive
                      "4,A,,1,2010-12-01 08:26:00,0,,UK\n"          // price before customer
                      "5,B,cup,1,2010-12-01 08:26:00,3,,UK\n"       // no customer
                      "6,A,tea,one,2010-12-01 08:26:00,2,7.0,UK\n"  // malformed, four ways
                      "7,A,tea,1,yesterday,2,7.0,UK\n"
                      "8,A,tea,1\n"
                      "9,A,t\xe9,1,2010-12-01 08:26:00,2,7.0,UK\n"));
  ASSERT_TRUE(adapter.ok()) << adapter.status();
  const auto records = all(**adapter);
  EXPECT_EQ(counts_of(**adapter),
            (std::map<std::string, std::uint64_t>{{"purchase", 1},
                                                  {"malformed", 4},
                                                  {"cancellation", 1},
                                                  {"quantity_not_positive", 2},
                                                  {"price_not_positive", 1},
                                                  {"no_customer", 1}}));
  ASSERT_EQ((*adapter)->problems().size(), 4u);
  EXPECT_NE((*adapter)->problems()[0].find("a.csv.gz:8: malformed"), std::string::npos)
      << (*adapter)->problems()[0];
  ASSERT_EQ(records.size(), 3u);  // items A and B, one purchase
  EXPECT_EQ(item_of(records[2]).title, "cup");
}

// Who reads what was decoded alone pays for no JSON.
TEST(OnlineRetail, DecodedAloneIsTheSameWithoutJson) {
  const Directory directory;
  const std::string path = directory.plain("a.csv", std::string(kHeader) + "1,A,\xe7\xba\xa2\xe8\x8c\xb6,2,2010-12-01 08:26:00,2,7.0,UK\n"
                                                                           "1,A,t\xe9,1,2010-12-01 08:26:00,2,7.0,UK\n"
                                                                           "2,A,tea,1,2010-12-02 08:26:00,2,8.0,UK\n");
  auto with = OnlineRetail::open(path), without = OnlineRetail::open(path, Give::kDecoded);
  ASSERT_TRUE(with.ok() && without.ok());
  ImportRecord record, bare;
  int records = 0;
  while (with->get()->next(record).value()) {
    ASSERT_TRUE(without->get()->next(bare).value());
    ++records;
    EXPECT_EQ(bare.value, "");
    EXPECT_EQ(bare.input, record.input);
    EXPECT_EQ(bare.key, record.key);
    EXPECT_EQ(bare.timestamp, record.timestamp);
    records::Event event = with->get()->event();
    event.fields.clear();
    EXPECT_EQ(records::encode_json(without->get()->event()), records::encode_json(event));
    EXPECT_EQ(records::encode_json(without->get()->item()), records::encode_json(with->get()->item()));
  }
  EXPECT_FALSE(without->get()->next(bare).value());
  EXPECT_EQ(records, 3);  // an item, two purchases; one line is no UTF-8
  EXPECT_EQ(without->get()->counts(), with->get()->counts());
}

TEST(OnlineRetail, ATitleFoundLaterIsSaidOnce) {
  const Directory directory;
  auto adapter = OnlineRetail::open(directory.plain(
      "a.csv", std::string(kHeader) + "1,A,,1,2010-12-01 08:26:00,2,7.0,UK\n"
                                      "1,A,tea,1,2010-12-01 08:26:00,2,7.0,UK\n"
                                      "1,A,other tea,1,2010-12-01 08:26:00,2,7.0,UK\n"));
  ASSERT_TRUE(adapter.ok());
  const auto records = all(**adapter);
  ASSERT_EQ(records.size(), 5u);
  EXPECT_EQ(item_of(records[0]).title, "");
  EXPECT_EQ(item_of(records[2]).title, "tea");
  EXPECT_EQ(event_of(records[4]).event_id, EventId("1:3"));
}

TEST(OnlineRetail, AnotherFileIsRefusedWithTheColumnsThatItLacks) {
  const Directory directory;
  const auto other =
      OnlineRetail::open(directory.plain("a.csv", "InvoiceNo,StockCode,Quantity\n1,A,2\n"));
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(other.status().message().find("Description, InvoiceDate, UnitPrice"),
            absl::string_view::npos);
  EXPECT_FALSE(OnlineRetail::open(directory.plain("b.csv", "")).ok());
  EXPECT_EQ(OnlineRetail::open(directory.path() + "/none").status().code(),
            absl::StatusCode::kNotFound);
}

TEST(OnlineRetail, AFileCutShortGivesWhatItHasAndThenAnError) {
  const Directory directory;
  std::string rows = kHeader;
  for (int i = 0; i < 20000; ++i)
    rows += std::to_string(i) + ",A" + std::to_string(i * 7919 % 10007) +
            ",t,1,2010-12-01 08:26:00,2,7.0,UK\n";
  const std::string whole = testing_files::content_of(directory.gzip("a.csv.gz", rows));
  auto adapter =
      OnlineRetail::open(directory.plain("cut.csv.gz", whole.substr(0, whole.size() / 2)));
  ASSERT_TRUE(adapter.ok());
  ImportRecord record;
  std::size_t given = 0;
  auto more = (*adapter)->next(record);
  for (; more.ok() && *more; more = (*adapter)->next(record)) ++given;
  EXPECT_EQ(more.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_GT(given, 1000u);
}

// The main job's input: 142,083 rows, of which 94,488 are purchases of known customers.
TEST(OnlineRetail, TheFourMonthsGiveTheirKnownCounts) {
  RIFFLE_NEEDS_SHARED_DATA(data);
  std::map<std::string, std::uint64_t> counts;
  std::uint64_t rows = 0, events = 0;
  std::set<std::string> items, event_ids;
  records::JsonDecoder decoder{records::Limits{}};
  records::Event event;
  TimePoint newest = kNoTime;
  Admission admission(AdmissionOptions{}, 1);
  for (const char* month : {"2010-12", "2011-01", "2011-02", "2011-03"}) {
    auto adapter = OnlineRetail::open(data + "/online_retail/" + month + ".csv.gz");
    ASSERT_TRUE(adapter.ok()) << adapter.status();
    ImportRecord record;
    for (;;) {
      const auto more = (*adapter)->next(record);
      ASSERT_TRUE(more.ok()) << more.status();
      if (!*more) break;
      bus::Record arrived;
      arrived.timestamp = from_ms(1760000000000);
      arrived.key = record.key;
      arrived.value = record.value;
      if (record.input == ImportInput::kItems) {
        records::Item item;
        ASSERT_FALSE(admission.admit_item(arrived, item));
        EXPECT_FALSE(item.title.empty()) << record.key;
        items.insert(record.key);
        continue;
      }
      const auto reason = admission.admit_event(arrived, newest, event);
      ASSERT_FALSE(reason) << reason->message;
      EXPECT_TRUE(items.count(event.item_id.str()));
      event_ids.insert(event.event_id.str());
      newest = std::max(newest, *event.timestamp);
      ++events;
    }
    for (const RowCount& count : (*adapter)->counts()) {
      counts[count.what] += count.rows;
      rows += count.rows;
    }
    EXPECT_TRUE((*adapter)->problems().empty());
  }
  EXPECT_EQ(rows, 142083u);
  EXPECT_EQ(events, 94488u);
  EXPECT_EQ(event_ids.size(), events);
  EXPECT_EQ(counts, (std::map<std::string, std::uint64_t>{{"purchase", 94488},
                                                          {"malformed", 0},
                                                          {"cancellation", 2603},
                                                          {"quantity_not_positive", 348},
                                                          {"price_not_positive", 438},
                                                          {"no_customer", 44206}}));
  EXPECT_GT(items.size(), 3000u);
}

}  // namespace
}  // namespace riffle::ingest
