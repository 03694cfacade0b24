#include "app/bench/zipf.h"

#include <cmath>
#include <numeric>

#include "base/check.h"

namespace riffle::app::bench {

Zipf::Zipf(std::size_t count, double exponent) : columns_(count) {
  RIFFLE_CHECK(count > 0);
  std::vector<double> share(count);
  for (std::size_t r = 0; r < count; ++r) share[r] = std::pow(static_cast<double>(r + 1), -exponent);
  const double scale = static_cast<double>(count) / std::accumulate(share.begin(), share.end(), 0.0);
  std::vector<std::uint32_t> small, large;
  for (std::size_t r = 0; r < count; ++r) {
    share[r] *= scale;
    (share[r] < 1 ? small : large).push_back(static_cast<std::uint32_t>(r));
  }
  while (!small.empty() && !large.empty()) {
    const std::uint32_t poor = small.back(), rich = large.back();
    small.pop_back();
    columns_[poor] = {share[poor], rich};
    share[rich] -= 1 - share[poor];
    if (share[rich] < 1) {
      large.pop_back();
      small.push_back(rich);
    }
  }
  // What is left has a share of 1 but for rounding, and keeps its whole column.
}

std::size_t Zipf::draw(Rng& rng) const {
  const std::size_t column = rng.below(columns_.size());
  return rng.uniform() < columns_[column].own ? column : columns_[column].alias;
}

}  // namespace riffle::app::bench
