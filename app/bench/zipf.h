// Zipf's distribution: rank r (from 0) is drawn with a probability proportional to 1/(r + 1)^exponent. By the alias
// method (Walker 1977; Vose 1991), so a draw costs the same among a thousand ranks and among millions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/rng.h"

namespace riffle::app::bench {

class Zipf {
 public:
  Zipf(std::size_t count, double exponent);  // count ≥ 1

  std::size_t draw(Rng& rng) const;          // takes two random numbers
  std::size_t count() const { return columns_.size(); }

 private:
  // Column i is drawn uniformly; it holds its own rank with probability `own` and `alias` else.
  struct Column {
    double own = 1;
    std::uint32_t alias = 0;
  };
  std::vector<Column> columns_;
};

}  // namespace riffle::app::bench
