#include "state/row_comparison.h"

#include <utility>

#include "base/errors.h"

namespace riffle::state {
namespace {

constexpr std::size_t kRowsAtOnce = 2048;

// A column from its first key to its last.
class Rows {
 public:
  Rows(const Store& store, Column column) : store_(store), column_(column) {}

  absl::Status read_on() {
    if (at_ < rows_.size() || ended_) return absl::OkStatus();
    rows_.clear();
    at_ = 0;
    RIFFLE_RETURN_IF_ERROR(store_.scan(column_, "", from_, [&](std::string_view key, std::string_view value) {
      rows_.emplace_back(key, value);
      return rows_.size() < kRowsAtOnce;
    }));
    ended_ = rows_.size() < kRowsAtOnce;
    if (!rows_.empty()) from_ = rows_.back().first + '\0';  // the next key there can be
    return absl::OkStatus();
  }
  bool over() const { return at_ == rows_.size(); }
  const std::pair<std::string, std::string>& row() const { return rows_[at_]; }
  void step() { ++at_; }

 private:
  const Store& store_;
  const Column column_;
  std::vector<std::pair<std::string, std::string>> rows_;
  std::size_t at_ = 0;
  std::string from_;
  bool ended_ = false;
};

}  // namespace

absl::Status compare_rows(const Store& left, const Store& right, Column column, RowComparison& comparison) {
  using Kind = RowDifference::Kind;
  Rows a(left, column), b(right, column);
  const auto differs = [&](Kind kind, const std::string& key) {
    if (comparison.first.size() < RowComparison::kMostNamed) comparison.first.push_back({kind, key});
  };
  while (true) {
    RIFFLE_RETURN_IF_ERROR(a.read_on());
    RIFFLE_RETURN_IF_ERROR(b.read_on());
    if (a.over() && b.over()) return absl::OkStatus();
    if (b.over() || (!a.over() && a.row().first < b.row().first)) {
      ++comparison.only_left;
      differs(Kind::kOnlyLeft, a.row().first);
      a.step();
    } else if (a.over() || b.row().first < a.row().first) {
      ++comparison.only_right;
      differs(Kind::kOnlyRight, b.row().first);
      b.step();
    } else {
      const bool same = a.row().second == b.row().second;
      ++(same ? comparison.equal : comparison.different);
      if (!same) differs(Kind::kDifferent, a.row().first);
      a.step(), b.step();
    }
  }
}

}  // namespace riffle::state
