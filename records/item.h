// What the shop says of an item: one record of the `items` topic, keyed by item_id; a null value deletes it.
//
//   {"item_id":"i9","title":"…","text":{"en":"…","zh":"…"},"category":["women","shoes"],"brand":"b","seller":"s",
//    "price":19.9,"stock":3,"published_at":1760000000123,"tags":["new"],"image":"https://…",
//    "vectors":[{"name":"clip","version":"1","values":[…]}],"fields":{}}
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace riffle::records {

struct ItemVector {
  std::string name;
  std::string version;
  std::vector<float> values;
};

struct Item {
  ItemId item_id;
  std::string title;
  std::vector<std::pair<std::string, std::string>> text;  // language → text; "" where none was said
  std::vector<std::string> category;                      // path, from the top
  std::string brand;
  std::string seller;
  std::optional<double> price;
  std::optional<double> stock;                            // 0: not to be recommended
  std::optional<TimePoint> published_at;
  std::vector<std::string> tags;
  std::string image;
  std::vector<ItemVector> vectors;
  std::string fields;                                     // unknown members, as one JSON object; empty: none
};

}  // namespace riffle::records
