// The parts that the evaluations' JSON reports have in common.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evaluation/intervals.h"
#include "ingest/adapters/adapter.h"
#include "records/json_writer.h"

namespace riffle::evaluation {

// A member, null where there is no value.
void write(records::JsonWriter& json, std::string_view name, const std::optional<double>& value);
void write(records::JsonWriter& json, std::string_view name, const std::optional<Interval>& interval);

// What was read, and how far: the members `read`, `problems`, `partial` and `cut_short`.
void write_reading(records::JsonWriter& json, const std::vector<ingest::RowCount>& read,
                   const std::vector<std::string>& problems, bool partial, const std::string& cut_short);

}  // namespace riffle::evaluation
