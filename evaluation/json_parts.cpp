#include "evaluation/json_parts.h"

namespace riffle::evaluation {

using records::JsonWriter;

void write(JsonWriter& json, std::string_view name, const std::optional<double>& value) {
  json.key(name);
  value ? json.value(*value) : json.null();
}

void write(JsonWriter& json, std::string_view name, const std::optional<Interval>& interval) {
  json.key(name);
  if (!interval) {
    json.null();
    return;
  }
  json.begin_array().value(interval->low).value(interval->high).end_array();
}

void write_reading(JsonWriter& json, const std::vector<ingest::RowCount>& read, const std::vector<std::string>& problems,
                   bool partial, const std::string& cut_short) {
  json.key("read").begin_array();
  for (const ingest::RowCount& count : read)
    json.begin_object().member("what", count.what).member("used", count.used).member("rows", count.rows).end_object();
  json.end_array().key("problems").begin_array();
  for (const std::string& problem : problems) json.value(problem);
  json.end_array().member("partial", partial || !cut_short.empty()).key("cut_short");
  cut_short.empty() ? json.null() : json.value(cut_short);
}

}  // namespace riffle::evaluation
