// A library that says it is a network module, of a version that no riffle has.
#include "learner/network/interface.h"

namespace riffle::learner::network {

extern "C" __attribute__((visibility("default"))) const Interface* riffle_network_interface() {
  static constexpr Interface kForeign{kInterfaceVersion + 1000, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr};
  return &kForeign;
}

}  // namespace riffle::learner::network
