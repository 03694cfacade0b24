#include "app/simulate/oracle_share.h"

#include <algorithm>

namespace riffle::app {

void OracleShare::on_list(std::uint32_t user, std::span<const std::uint32_t> list) {
  if (slices_.empty() || world_.bot(user)) return;
  const double part = std::chrono::duration<double>(world_.asked(user) - world_.start()) / world_.options().span;
  const auto at = static_cast<std::size_t>(part * static_cast<double>(slices_.size()));
  Slice& slice = slices_[std::min(at, slices_.size() - 1)];
  ++slice.lists;
  slice.sessions += session_[user] != world_.session(user);
  session_[user] = world_.session(user);
  world_.best_list(user, world_.options().list_length, best_);
  slice.chance += chance(user, list);
  slice.best += chance(user, best_);
}

double OracleShare::chance(std::uint32_t user, std::span<const std::uint32_t> list) {
  p_.resize(list.size());
  return 1 - 1 / world_.choose(user, world_.mood(user), list, p_);
}

}  // namespace riffle::app
