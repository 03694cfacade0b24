#include "serving/diversifiers/ssd.h"

#include <algorithm>

namespace riffle::serving {

void Ssd::reset(const DiversifierInput& input) {
  similarity_.reset(input.kernels);
  residuals_.reset(similarity_.padded_count());
  seen_.resize(std::max<std::size_t>(input.options->window, 2) - 1);
  slots_ = 0;
}

void Ssd::gains(std::span<float> out) const { std::copy_n(residuals_.norms().begin(), out.size(), out.begin()); }

void Ssd::add(std::uint32_t candidate) {
  Seen& seen = seen_[slots_++ % seen_.size()];
  seen.candidate = candidate;
  seen.similarities.resize(similarity_.padded_count());
  if (similarity_.known(candidate)) similarity_.row(candidate, seen.similarities);
  if (slots_ <= seen_.size()) {  // nothing left the window
    project_out(seen);
    return;
  }
  residuals_.reset(similarity_.padded_count());
  for (std::size_t slot = slots_ - seen_.size(); slot < slots_; ++slot) project_out(seen_[slot % seen_.size()]);
}

void Ssd::project_out(const Seen& seen) {
  if (similarity_.known(seen.candidate)) residuals_.project_out(seen.candidate, seen.similarities);
}

}  // namespace riffle::serving
