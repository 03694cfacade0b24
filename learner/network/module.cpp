// The module's table of functions (learner/network/interface.h). Exceptions stop here and become text.
#include <cstdio>
#include <exception>
#include <string>

#include <torch/csrc/api/include/torch/version.h>

#include "learner/network/device.h"
#include "learner/network/interface.h"
#include "learner/network/multi_task_network.h"
#include "learner/network/q_network.h"
#include "learner/network/sequence_network.h"
#include "learner/network/slate_network.h"

namespace riffle::learner::network {
namespace {

void tell(const std::exception& exception, char* error, std::size_t error_bytes) {
  if (error_bytes > 0) std::snprintf(error, error_bytes, "%s", exception.what());
}

// Whatever its kind, it crosses as its base.
FlatNetwork& network_of(void* network) { return *static_cast<FlatNetwork*>(network); }

const char* library() {
  static const std::string name = std::string("LibTorch ") + TORCH_VERSION;
  return name.c_str();
}

template <class Made, class SettingsOfIt>
void* made(const SettingsOfIt& settings, const char* device, char* error, std::size_t error_bytes) {
  try {
    use_one_thread();
    return static_cast<FlatNetwork*>(new Made(settings, device_named(device)));
  } catch (const std::exception& exception) {
    tell(exception, error, error_bytes);
    return nullptr;
  }
}

void* make(const Settings& settings, const char* device, char* error, std::size_t error_bytes) {
  return made<QNetwork>(settings, device, error, error_bytes);
}

void* make_slate(const SlateSettings& settings, const char* device, char* error, std::size_t error_bytes) {
  return made<SlateNetwork>(settings, device, error, error_bytes);
}

void* make_sequence(const SequenceSettings& settings, const char* device, char* error, std::size_t error_bytes) {
  return made<SequenceNetwork>(settings, device, error, error_bytes);
}

void* make_multi_task(const MultiTaskSettings& settings, const char* device, char* error, std::size_t error_bytes) {
  return made<MultiTaskNetwork>(settings, device, error, error_bytes);
}

void release(void* network) { delete &network_of(network); }

const char* device(void* network) { return network_of(network).device().is_cpu() ? "cpu" : "cuda"; }

void read(void* network, Numbers& to) { network_of(network).read(to); }

void write(void* network, const Numbers& from) { network_of(network).write(from); }

template <class Stepped, class BatchOfIt>
bool stepped(void* network, const BatchOfIt& batch, float* told, StepResult& result, char* error,
             std::size_t error_bytes) {
  try {
    use_one_thread();  // LibTorch keeps the number a thread, and the learner's may not be the one that made the network
    result = static_cast<Stepped&>(network_of(network)).step(batch, told);
    return true;
  } catch (const std::exception& exception) {
    tell(exception, error, error_bytes);
    return false;
  }
}

bool step(void* network, const Batch& batch, float* td_errors, StepResult& result, char* error, std::size_t error_bytes) {
  return stepped<QNetwork>(network, batch, td_errors, result, error, error_bytes);
}

bool step_slate(void* network, const SlateBatch& batch, float* td_errors, StepResult& result, char* error,
                std::size_t error_bytes) {
  return stepped<SlateNetwork>(network, batch, td_errors, result, error, error_bytes);
}

bool step_sequence(void* network, const SequenceBatch& batch, float* row_gradients, StepResult& result, char* error,
                   std::size_t error_bytes) {
  return stepped<SequenceNetwork>(network, batch, row_gradients, result, error, error_bytes);
}

bool step_multi_task(void* network, const MultiTaskBatch& batch, float* errors, StepResult& result, char* error,
                     std::size_t error_bytes) {
  return stepped<MultiTaskNetwork>(network, batch, errors, result, error, error_bytes);
}

constexpr Interface kInterface{.version = kInterfaceVersion,
                               .library = library,
                               .make = make,
                               .release = release,
                               .device = device,
                               .read = read,
                               .write = write,
                               .make_slate = make_slate,
                               .step_slate = step_slate,
                               .make_sequence = make_sequence,
                               .step_sequence = step_sequence,
                               .make_multi_task = make_multi_task,
                               .step_multi_task = step_multi_task,
                               .step = step};

}  // namespace

// LibTorch names no entry of that kind; riffle looks for it by kEntry.
extern "C" __attribute__((visibility("default"))) const Interface* riffle_network_interface() { return &kInterface; }

}  // namespace riffle::learner::network
