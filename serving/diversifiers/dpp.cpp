#include "serving/diversifiers/dpp.h"

#include <algorithm>

namespace riffle::serving {

void Dpp::reset(const DiversifierInput& input) {
  similarity_.reset(input.kernels);
  residuals_.reset(similarity_.padded_count());
  row_.resize(similarity_.padded_count());
}

void Dpp::gains(std::span<float> out) const { std::copy_n(residuals_.norms().begin(), out.size(), out.begin()); }

void Dpp::add(std::uint32_t candidate) {
  if (!similarity_.known(candidate)) return;
  similarity_.row(candidate, row_);
  residuals_.project_out(candidate, row_);
}

}  // namespace riffle::serving
