// Draws from the Beta distribution: X/(X + Y) of two Gamma draws, each by Marsaglia & Tsang (2000).
#pragma once

#include <cmath>

#include "base/rng.h"

namespace riffle::learner {

// Shape a > 0, scale 1.
inline double gamma_draw(Rng& rng, double shape) {
  if (shape < 1) {  // Γ(a) = Γ(a + 1) · U^(1/a)
    const double larger = gamma_draw(rng, shape + 1);
    return larger * std::pow(1.0 - rng.uniform(), 1.0 / shape);
  }
  const double d = shape - 1.0 / 3.0;
  const double c = 1.0 / std::sqrt(9.0 * d);
  for (;;) {
    const double x = rng.normal();
    const double v = (1.0 + c * x) * (1.0 + c * x) * (1.0 + c * x);
    if (v <= 0) continue;
    if (std::log(1.0 - rng.uniform()) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
  }
}

// a, b > 0. Where both Gamma draws vanish (both shapes next to nothing), the mean.
inline double beta_draw(Rng& rng, double a, double b) {
  const double x = gamma_draw(rng, a);
  const double y = gamma_draw(rng, b);
  return x + y > 0 ? x / (x + y) : a / (a + b);
}

}  // namespace riffle::learner
