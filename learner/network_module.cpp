#include "learner/network_module.h"

#include <dlfcn.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace riffle::learner {
namespace {

constexpr const char* kFileName = "libriffle_network.so";
constexpr std::size_t kErrorBytes = 1024;

std::vector<std::string> places() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  return {program / kFileName, program.parent_path() / kFileName, program.parent_path() / "lib/riffle" / kFileName};
}

absl::StatusOr<std::string> find_module(const std::string& file) {
  const std::vector<std::string> candidates = file.empty() ? places() : std::vector<std::string>{file};
  std::error_code error;
  for (const std::string& candidate : candidates)
    if (std::filesystem::is_regular_file(candidate, error)) return candidate;
  return absl::NotFoundError(absl::StrCat("the network module is not at ", absl::StrJoin(candidates, ", "),
                                          "; build it (ninja riffle_network) or name it as learner.network.module"));
}

// OpenBLAS chooses its kernels by a list of processors' names when it is loaded, and takes those of 2004 for one that it does not know
// (0.3.21: anything newer than Sapphire Rapids): steps then take twice as long. What the processor can is told by what it says of
// itself. A choice of the user's stays.
void name_kernels_to_openblas() {
#if defined(__x86_64__)
  const bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
                    __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vl");
  const char* const kernels = wide ? "SKYLAKEX"
                              : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? "HASWELL" : nullptr;
  constexpr int kKeepWhatIsSet = 0;
  if (kernels != nullptr) setenv("OPENBLAS_CORETYPE", kernels, kKeepWhatIsSet);
#endif
}

template <class Batch>
absl::StatusOr<network::StepResult> stepped(bool (*step)(void*, const Batch&, float*, network::StepResult&, char*, std::size_t),
                                            void* network, const Batch& batch, std::span<float> told) {
  network::StepResult result;
  std::array<char, kErrorBytes> error{};
  if (!step(network, batch, told.data(), result, error.data(), error.size()))
    return absl::InternalError(absl::StrCat("network step: ", error.data()));
  return result;
}

template <class Settings>
absl::StatusOr<std::unique_ptr<Network>> made(void* (*make)(const Settings&, const char*, char*, std::size_t),
                                              const network::Interface& interface, const Settings& settings,
                                              const std::string& device) {
  std::array<char, kErrorBytes> error{};
  void* network = make(settings, device.c_str(), error.data(), error.size());
  if (network == nullptr) return absl::InvalidArgumentError(absl::StrCat("network: ", error.data()));
  return std::make_unique<Network>(interface, network);
}

}  // namespace

absl::StatusOr<network::StepResult> Network::step(const network::Batch& batch, std::span<float> td_errors) {
  return stepped(interface_->step, network_, batch, td_errors);
}

absl::StatusOr<network::StepResult> Network::step(const network::SlateBatch& batch, std::span<float> td_errors) {
  return stepped(interface_->step_slate, network_, batch, td_errors);
}

absl::StatusOr<network::StepResult> Network::step(const network::SequenceBatch& batch, std::span<float> row_gradients) {
  return stepped(interface_->step_sequence, network_, batch, row_gradients);
}

absl::StatusOr<network::StepResult> Network::step(const network::MultiTaskBatch& batch, std::span<float> errors) {
  return stepped(interface_->step_multi_task, network_, batch, errors);
}

absl::StatusOr<const network::Interface*> load_network_module(const std::string& file) {
  auto path = find_module(file);
  if (!path.ok()) return path.status();
  name_kernels_to_openblas();
  void* library = dlopen(path->c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return absl::NotFoundError(absl::StrCat("the network module does not load: ", dlerror(),
                                            "; tools/setup --network installs what it needs"));
  }
  using Entry = const network::Interface* (*)();
  const auto entry = reinterpret_cast<Entry>(dlsym(library, network::kEntry));
  const network::Interface* interface = entry == nullptr ? nullptr : entry();
  if (interface == nullptr) return absl::FailedPreconditionError(absl::StrCat(*path, " is not a network module"));
  if (interface->version != network::kInterfaceVersion) {
    return absl::FailedPreconditionError(absl::StrCat(*path, " has version ", interface->version,
                                                      " of the network interface, this riffle has ",
                                                      network::kInterfaceVersion, ": build both from one source"));
  }
  return interface;
}

absl::StatusOr<std::unique_ptr<Network>> make_network(const network::Interface& interface,
                                                      const network::Settings& settings, const std::string& device) {
  return made(interface.make, interface, settings, device);
}

absl::StatusOr<std::unique_ptr<Network>> make_network(const network::Interface& interface,
                                                      const network::SlateSettings& settings, const std::string& device) {
  return made(interface.make_slate, interface, settings, device);
}

absl::StatusOr<std::unique_ptr<Network>> make_network(const network::Interface& interface,
                                                      const network::SequenceSettings& settings, const std::string& device) {
  return made(interface.make_sequence, interface, settings, device);
}

absl::StatusOr<std::unique_ptr<Network>> make_network(const network::Interface& interface,
                                                      const network::MultiTaskSettings& settings, const std::string& device) {
  return made(interface.make_multi_task, interface, settings, device);
}

}  // namespace riffle::learner
