#include "evaluation/models/table_model.h"

#include <algorithm>

namespace riffle::evaluation {

TableModel::TableModel(std::size_t folds, double prior)
    : folds_(folds), prior_(prior), positions_(folds) {}

void TableModel::learn(const LoggedRound& round, std::size_t fold) {
  positions_.learn(round, fold);
  for (std::size_t slot = 0; slot < round.slots.size(); ++slot) {
    const LoggedSlot& shown = round.slots[slot];
    Row& row = rows_[row_key(round, slot)];
    const std::size_t place = shown.action * folds_ + fold;
    if (row.sums.size() <= place) {
      const std::size_t wanted = (std::size_t{shown.action} + 1) * folds_;
      if (cells_ + wanted - row.sums.size() > kMostCells) continue;
      cells_ += wanted - row.sums.size();
      row.sums.resize(wanted);
    }
    row.sums[place].reward += shown.reward;
    row.sums[place].rounds += 1;
  }
}

void TableModel::fit() {
  positions_.fit();
  for (auto& [key, row] : rows_) {
    row.values.resize(row.sums.size());
    for (std::size_t at = 0; at < row.sums.size(); at += folds_) {
      Sum all;
      for (std::size_t fold = 0; fold < folds_; ++fold) {
        all.reward += row.sums[at + fold].reward;
        all.rounds += row.sums[at + fold].rounds;
      }
      for (std::size_t fold = 0; fold < folds_; ++fold) {
        const Sum left_out = folds_ > 1 ? row.sums[at + fold] : Sum{};
        const double rounds = all.rounds - left_out.rounds + prior_;
        const double g = positions_.overall(fold);
        row.values[at + fold] =
            rounds > 0 ? (all.reward - left_out.reward + prior_ * g) / rounds : g;
      }
    }
  }
}

double TableModel::logged(const LoggedRound& round, std::size_t slot, std::size_t fold) const {
  return action(round, slot, fold, round.slots[slot].action);
}

double TableModel::action(const LoggedRound& round, std::size_t slot, std::size_t fold,
                          std::uint32_t action) const {
  const auto row = rows_.find(row_key(round, slot));
  const std::size_t place = action * folds_ + fold;
  if (row == rows_.end() || place >= row->second.values.size()) return positions_.overall(fold);
  return row->second.values[place];
}

}  // namespace riffle::evaluation
