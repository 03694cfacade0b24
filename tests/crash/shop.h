// The input of a campaign: a seeded shop whose users look at items and ask for lists. Some records
// come twice, out of order, malformed or to the wrong partition; what must become a dead letter
// says so in a header, with the code that it must get.
//
// Only answers to lists earn rewards, and each has an event_id: so what every list must have earned
// in the end is known.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/rng.h"
#include "bus/topics.h"
#include "ingest/partitioner.h"
#include "records/json_codec.h"

namespace riffle::crash {

constexpr std::int32_t kPartitions = 2;
constexpr std::string_view kExpectHeader =
    "expect";  // the code of the dead letter that this record must become

struct ShopRecord {
  std::string topic;
  std::string key;
  std::optional<std::string> value;
  std::optional<Partition> partition;
  std::string expect;  // empty: a good record
};

inline Partition partition_of(const std::string& key) {
  for (std::int32_t p = 0; p < kPartitions; ++p) {
    ingest::Partitioner partitioner(ingest::PartitionerSetting::kMurmur2, kPartitions);
    if (!partitioner.check(key, Partition(p))) return Partition(p);
  }
  return Partition(0);
}

class Shop {
 public:
  // Events are stamped from `first` on: the present, as the first request may begin the shard's
  // time.
  Shop(std::uint64_t seed, bus::TopicNames topics, TimePoint first)
      : rng_(seed), topics_(std::move(topics)), first_ms_(to_ms(first)) {}

  std::vector<ShopRecord> catalogue() {
    std::vector<ShopRecord> records;
    for (std::size_t i = 0; i < kItems; ++i) records.push_back(item(i));
    records.push_back({topics_.items, "i0", "{\"item_id\":", {}, "not_json"});
    return records;
  }

  // So many events, with requests and everything else between them.
  std::vector<ShopRecord> day(std::size_t events) {
    std::vector<ShopRecord> records;
    for (std::size_t i = 0; i < events; ++i) {
      ++made_;
      const std::string user = any_user();
      const ShopRecord event{
          topics_.events,
          user,
          interaction(user, any_item(), now_ms() - late_ms(), "", -1, quiet_type()),
          {},
          ""};
      records.push_back(event);
      if (rng_.uniform() < .08)
        records.push_back(event);  // an event_id makes it a duplicate; without one it counts
      if (rng_.uniform() < .12) records.push_back(request());
      if (rng_.uniform() < .02) records.push_back(asked_again());
      if (rng_.uniform() < .06) records.push_back(malformed(user));
      if (rng_.uniform() < .01) records.push_back(profile(user));
      if (rng_.uniform() < .01) records.push_back(item(rng_.below(kItems)));
    }
    return records;
  }

  // From now on what sold best sells least, and the other way round.
  void drift() { drifted_ = true; }

  // What a user does with a list that he was given.
  void answer(const records::Recommendation& list, std::vector<ShopRecord>& records) {
    for (const records::ListedItem& shown : list.items) {
      if (rng_.uniform() > .25) continue;
      ++made_;
      const std::string user = list.user_id.str();
      const std::int64_t time_ms =
          to_ms(list.timestamp) + 1000 * static_cast<std::int64_t>(1 + rng_.below(60));
      const ShopRecord event{
          topics_.events,
          user,
          interaction(user, shown.item_id.str(), time_ms, list.recommendation_id.str(),
                      shown.position, rng_.uniform() < .8 ? "click" : "purchase"),
          {},
          ""};
      records.push_back(event);
      if (rng_.uniform() < .2) records.push_back(event);
    }
  }

  // An event in every partition that lies beyond every window; `future_tolerance` must allow it.
  std::vector<ShopRecord> weeks_later() {
    std::vector<ShopRecord> records;
    std::set<Partition> done;
    for (std::size_t u = 0; u < kUsers; ++u) {
      const std::string user = absl::StrCat("u", u);
      if (!done.insert(partition_of(user)).second) continue;
      ++made_;
      records.push_back(
          {topics_.events,
           user,
           interaction(user, "i1", now_ms() + 30LL * 24 * 3600 * 1000, "", -1, "view"),
           {},
           ""});
    }
    return records;
  }

 private:
  static constexpr std::size_t kUsers = 40, kItems = 60;

  std::string any_user() { return absl::StrCat("u", rng_.below(kUsers)); }
  std::string any_item() {
    const std::size_t rank = rng_.below(kItems) * rng_.below(kItems) / kItems;
    return absl::StrCat("i", drifted_ ? kItems - 1 - rank : rank);
  }
  std::int64_t now_ms() const { return first_ms_ + static_cast<std::int64_t>(made_) * 60'000; }
  std::int64_t late_ms() {
    return rng_.uniform() < .2 ? static_cast<std::int64_t>(rng_.below(6 * 3600 * 1000)) : 0;
  }
  const char* quiet_type() {
    return rng_.uniform() < .8 ? "view" : rng_.uniform() < .5 ? "add_to_cart" : "rating";
  }

  std::string interaction(const std::string& user, const std::string& item, std::int64_t time_ms,
                          const std::string& list, int position, const std::string& type) {
    std::string json =
        absl::StrCat("{\"event\":\"interaction\",\"type\":\"", type, "\",\"timestamp\":", time_ms,
                     ",\"user_id\":\"", user, "\",\"item_id\":\"", item, "\"");
    if (!list.empty())
      absl::StrAppend(&json, ",\"recommendation_id\":\"", list, "\",\"position\":", position);
    if (!list.empty() || rng_.uniform() < .7)
      absl::StrAppend(&json, ",\"event_id\":\"e", made_, "\"");
    return json + "}";
  }

  ShopRecord item(std::size_t i) {
    const std::string id = absl::StrCat("i", i);
    return {topics_.items,
            id,
            absl::StrCat("{\"item_id\":\"", id, "\",\"title\":\"Thing ", i, " of ", rng_.below(9),
                         "\",\"category\":[\"c", i % 7, "\"],\"price\":", 1 + i % 13, "}"),
            {},
            ""};
  }

  ShopRecord profile(const std::string& user) {
    return {topics_.users,
            user,
            absl::StrCat("{\"user_id\":\"", user, "\",\"city\":\"", rng_.below(5), "\"}"),
            {},
            ""};
  }

  ShopRecord request() {
    const std::string user = any_user();
    asked_.push_back({topics_.requests,
                      user,
                      absl::StrCat("{\"event\":\"request\",\"request_id\":\"r", asked_.size(),
                                   "\",\"user_id\":\"", user, "\",\"n\":", 1 + rng_.below(6), "}"),
                      {},
                      ""});
    return asked_.back();
  }

  // The same once more: the same list. With other content: refused.
  ShopRecord asked_again() {
    if (asked_.empty()) return request();
    ShopRecord again = asked_[rng_.below(asked_.size())];
    if (rng_.uniform() < .3) {
      again.value->insert(again.value->size() - 1, ",\"explore\":0.5");
      again.expect = "request_reused";
    }
    return again;
  }

  ShopRecord malformed(const std::string& user) {
    const std::string good = interaction(user, any_item(), now_ms(), "", -1, "view");
    const Partition home = partition_of(user);
    ShopRecord bad{topics_.events, user, good, {}, ""};
    const auto timed = [&](const char* time) {
      return absl::StrCat(
          "{\"event\":\"interaction\",\"type\":\"view\",\"item_id\":\"i1\",\"user_id\":\"", user,
          "\",\"timestamp\":", time, "}");
    };
    switch (rng_.below(12)) {
      case 0:
        bad.value = good.substr(0, good.size() / 2), bad.expect = "not_json";
        break;
      case 1:
        bad.value = "", bad.expect = "empty_record";
        break;
      case 2:
        bad.value.reset(), bad.expect = "empty_record";
        break;
      case 3:
        bad.value = "{\"event\":\"interaction\",\"type\":\"view\",\"item_id\":\"i1\"}",
        bad.expect = "missing_field";
        break;
      case 4:
        bad.value = absl::StrCat("{\"event\":\"applause\",\"user_id\":\"", user, "\"}"),
        bad.expect = "unknown_kind";
        break;
      case 5:
        bad.value->insert(bad.value->size() - 1, ",\"session_id\":\"\xff\xfe\""),
            bad.expect = "not_utf8";
        break;
      case 6:
        bad.value = timed("1234567"), bad.expect = "timestamp_ancient";
        break;
      case 7:
        bad.value = timed("4102444800000"), bad.expect = "timestamp_future";
        break;
      case 8:
        bad.key = "somebody-else", bad.partition = home, bad.expect = "misrouted";
        break;
      case 9:
        bad.partition = Partition((home.value() + 1) % kPartitions), bad.expect = "misrouted";
        break;
      case 10:
        bad.topic = topics_.requests, bad.expect = "bad_field";
        bad.value = absl::StrCat("{\"event\":\"request\",\"request_id\":\"none\",\"user_id\":\"",
                                 user, "\",\"n\":0}");
        break;
      default:
        bad.topic = topics_.requests, bad.value = "[]", bad.expect = "not_json";
    }
    return bad;
  }

  Rng rng_;
  const bus::TopicNames topics_;
  const std::int64_t first_ms_;
  std::size_t made_ = 0;
  bool drifted_ = false;
  std::vector<ShopRecord> asked_;
};

}  // namespace riffle::crash
