// The module's table of functions (learner/network/interface.h). Exceptions stop here and become text.
#include <cstdio>
#include <exception>
#include <string>

#include <torch/csrc/api/include/torch/version.h>

#include "learner/network/device.h"
#include "learner/network/interface.h"
#include "learner/network/q_network.h"

namespace riffle::learner::network {
namespace {

void tell(const std::exception& exception, char* error, std::size_t error_bytes) {
  if (error_bytes > 0) std::snprintf(error, error_bytes, "%s", exception.what());
}

QNetwork& network_of(void* network) { return *static_cast<QNetwork*>(network); }

const char* library() {
  static const std::string name = std::string("LibTorch ") + TORCH_VERSION;
  return name.c_str();
}

void* make(const Settings& settings, const char* device, char* error, std::size_t error_bytes) {
  try {
    use_one_thread();
    return new QNetwork(settings, device_named(device));
  } catch (const std::exception& exception) {
    tell(exception, error, error_bytes);
    return nullptr;
  }
}

void release(void* network) { delete static_cast<QNetwork*>(network); }

const char* device(void* network) { return network_of(network).device().is_cpu() ? "cpu" : "cuda"; }

void read(void* network, Numbers& to) { network_of(network).read(to); }

void write(void* network, const Numbers& from) { network_of(network).write(from); }

bool step(void* network, const Batch& batch, float* td_errors, StepResult& result, char* error, std::size_t error_bytes) {
  try {
    use_one_thread();  // LibTorch keeps the number a thread, and the learner's may not be the one that made the network
    result = network_of(network).step(batch, td_errors);
    return true;
  } catch (const std::exception& exception) {
    tell(exception, error, error_bytes);
    return false;
  }
}

constexpr Interface kInterface{kInterfaceVersion, library, make, release, device, read, write, step};

}  // namespace

// LibTorch names no entry of that kind; riffle looks for it by kEntry.
extern "C" __attribute__((visibility("default"))) const Interface* riffle_network_interface() { return &kInterface; }

}  // namespace riffle::learner::network
