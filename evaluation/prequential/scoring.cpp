#include "evaluation/prequential/scoring.h"

namespace riffle::evaluation {

const std::array<std::string_view, kActivityGroups> kActivityNames = {"0 (cold)", "1-4", "5-19", "20-99", "100+"};
const std::array<std::string_view, kItemGroups> kItemNames = {"never seen", "0-4 (cold)", "5-19", "20-99", "100+"};

std::size_t activity_group(std::uint64_t taken) {
  return taken == 0 ? 0 : taken < 5 ? 1 : taken < 20 ? 2 : taken < 100 ? 3 : 4;
}

std::size_t item_group(bool known, std::uint64_t taken) {
  return !known ? 0 : taken < 5 ? 1 : taken < 20 ? 2 : taken < 100 ? 3 : 4;
}

}  // namespace riffle::evaluation
