#include "base/check.h"
#include "base/hash.h"
#include "serving/options.h"

namespace riffle::serving {

// The salt is the hash's seed: another salt deals the users out anew, the same one never moves a user.
const PolicyId& arm_of(const ExperimentOptions& options, const UserId& user) {
  RIFFLE_CHECK(!options.arms.empty(), "experiments without an arm");
  const std::uint64_t hash = stable_hash(user.str(), stable_hash(options.salt));
  double place = static_cast<double>(hash >> 11) * 0x1.0p-53;
  const Arm* last = &options.arms.front();
  for (const Arm& arm : options.arms) {
    if (arm.share <= 0) continue;
    last = &arm;
    if (place < arm.share) return arm.policy;
    place -= arm.share;
  }
  return last->policy;  // rounding of shares that sum to 1 − 1e-16
}

}  // namespace riffle::serving
