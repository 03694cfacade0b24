#include "learner/network/device.h"

#include <stdexcept>
#include <string>

#include <ATen/Context.h>
#include <ATen/Parallel.h>

// Of OpenBLAS, where that is the BLAS: it has threads of its own, which LibTorch does not know of.
extern "C" void openblas_set_num_threads(int) __attribute__((weak));

namespace riffle::learner::network {

c10::Device device_named(const char* name) {
  const std::string wanted(name);
  if (wanted == "cpu") return c10::Device(c10::kCPU);
  if (wanted == "auto") return c10::Device(at::hasCUDA() ? c10::kCUDA : c10::kCPU);
  if (wanted != "cuda") throw std::invalid_argument("device \"" + wanted + "\" is none of auto, cpu, cuda");
  if (!at::hasCUDA()) throw std::invalid_argument("device cuda: this LibTorch finds no GPU");
  return c10::Device(c10::kCUDA);
}

void use_one_thread() {
  at::set_num_threads(1);
  if (openblas_set_num_threads != nullptr) openblas_set_num_threads(1);
}

}  // namespace riffle::learner::network
