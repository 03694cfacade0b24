// What a decision keeps of its candidates (`candidate_table` of Decision and Outcome), as flat
// bytes: written once, copied as they are into every revision of the outcome, and taken apart where
// somebody asks. As messages of their own the same costs several times the bytes, and more time
// than choosing some of the slots takes. docs/formats.md has a worked example.
//
// Of a list's features half are the same for every candidate and a fifth are zero: the first are
// written once, the second as a bit. An evidence item, which leads to several candidates, is
// written once, too.
//
//   u8 version (1)
//   varint candidates, categories, evidence items, slots, logged candidates, features of a row
//   fixed64 key of each candidate; fixed64 of each distinct category; fixed64 of each evidence item
//   of each logged candidate: varint place among the candidates, varint place among the categories,
//   float score of each row (slots first, then logged candidates): u8 marks; of each: u8 source,
//   float score, varint evidence's number
//     from 1 (0: none)
//   ⌈features/8⌉ bytes: a bit set where a feature differs between rows; then a float of each that
//   does not (none without rows) of each row: ⌈features/8⌉ bytes, a bit set where a feature that
//   differs is not 0; then a float of each of these the rest: ChoiceLog, where all is logged
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/ids.h"
#include "records/riffle.pb.h"

namespace riffle::records {

struct CandidateMark {
  std::uint8_t source = 0;  // serving/candidate.h CandidateSourceId
  float score = 0;
  ItemKey evidence;  // 0: none
};

// One thread; keeps its memory from table to table.
class CandidateTableWriter {
 public:
  // Begins a table of rows of `features` floats. Spans live until finish().
  void begin(std::span<const ItemKey> keys, std::size_t features);
  // The number of a category among the distinct ones: places are given in the order in which they
  // come.
  void add_category(CategoryKey category) { categories_.push_back(category); }
  // Rows: all slots' first. `row` lives until finish(); marks added afterwards are the row's.
  void add_slot(std::span<const float> row);
  void add_logged(std::uint32_t place, std::uint32_t category, float score,
                  std::span<const float> row);
  void add_mark(const CandidateMark& mark);
  // Replaces `out`. `choice`: null where it is not logged.
  void finish(const pb::ChoiceLog* choice, std::string& out);

 private:
  struct Logged {
    std::uint32_t place, category;
    float score;
  };
  struct Mark {
    std::uint8_t source;
    float score;
    std::uint32_t evidence;
  };
  void add_row(std::span<const float> row);
  char* write_features(char* to) const;

  std::size_t features_ = 0, slots_ = 0;
  std::span<const ItemKey> keys_;
  std::vector<CategoryKey> categories_;
  std::vector<ItemKey> evidence_;
  std::vector<Logged> logged_;
  std::vector<const float*> rows_;
  std::vector<std::uint8_t> marks_of_row_;
  std::vector<Mark> marks_;
};

// Puts what the table says into the message's own fields (slots' features and sources,
// candidate_keys, …, choice) and takes the table away; without a table there is nothing to do.
// DataLoss: the bytes are no table of this message; it is then unspecified.
absl::Status spread_candidates(pb::Decision& decision);
absl::Status spread_candidates(pb::Outcome& outcome);
// Likewise the slots' features alone, for a learner of slots; the table stays.
absl::Status spread_slots(pb::Outcome& outcome);

}  // namespace riffle::records
