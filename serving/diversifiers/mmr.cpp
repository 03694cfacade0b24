#include "serving/diversifiers/mmr.h"

#include <algorithm>

namespace riffle::serving {

void Mmr::reset(const DiversifierInput& input) {
  similarity_.reset(input.kernels);
  largest_.assign(similarity_.padded_count(), 0.f);
  row_.resize(similarity_.padded_count());
}

void Mmr::gains(std::span<float> out) const {
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = std::clamp(1 - largest_[i], 0.f, 1.f);
}

void Mmr::add(std::uint32_t candidate) {
  similarity_.row(candidate, row_);
  for (std::size_t i = 0; i < largest_.size(); ++i) largest_[i] = std::max(largest_[i], row_[i]);
}

}  // namespace riffle::serving
