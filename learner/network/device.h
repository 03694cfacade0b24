// Where networks live. The only place that asks for a GPU.
#pragma once

#include <c10/core/Device.h>

namespace riffle::learner::network {

// auto: a GPU if there is one. std::invalid_argument for cuda where there is none, or another name.
c10::Device device_named(const char* name);

// One thread, for LibTorch and the BLAS below it: a step's numbers are then the same on any machine of the kind, and the
// learner never takes the cores that make lists.
void use_one_thread();

}  // namespace riffle::learner::network
