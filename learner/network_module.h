// Loads the network module (learner/network/interface.h) and makes networks with it. Serving never needs it: a version's
// numbers are read by learner/q_learning/forward_pass.h.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/errors.h"
#include "base/log.h"
#include "learner/network/interface.h"
#include "learner/q_learning/options.h"

namespace riffle::learner {

// One network on its device. One thread.
class Network {
 public:
  Network(const network::Interface& interface, void* network) : interface_(&interface), network_(network) {}
  ~Network() { interface_->release(network_); }
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  std::string_view device() const { return interface_->device(network_); }
  void read(network::Numbers& to) const { interface_->read(network_, to); }
  void write(const network::Numbers& from) { interface_->write(network_, from); }
  // Internal: what the library said; nothing was changed then.
  absl::StatusOr<network::StepResult> step(const network::Batch& batch, std::span<float> td_errors);
  absl::StatusOr<network::StepResult> step(const network::SlateBatch& batch, std::span<float> td_errors);
  absl::StatusOr<network::StepResult> step(const network::SequenceBatch& batch, std::span<float> row_gradients);
  absl::StatusOr<network::StepResult> step(const network::MultiTaskBatch& batch, std::span<float> errors);

 private:
  const network::Interface* interface_;
  void* network_;
};

// The module stays loaded for the life of the process: LibTorch cannot be unloaded. `file`: its path; empty: it is looked
// for beside the program, in the folder above, and in ../lib/riffle.
//   NotFound            no file there, or a library that it needs is missing (the loader's message says which)
//   FailedPrecondition  a file that is no network module, or of another version than this riffle
absl::StatusOr<const network::Interface*> load_network_module(const std::string& file);

// InvalidArgument: no such device here.
absl::StatusOr<std::unique_ptr<Network>> make_network(const network::Interface& interface,
                                                      const network::Settings& settings, const std::string& device);

absl::StatusOr<std::unique_ptr<Network>> make_network(const network::Interface& interface,
                                                      const network::SlateSettings& settings, const std::string& device);

absl::StatusOr<std::unique_ptr<Network>> make_network(const network::Interface& interface,
                                                      const network::SequenceSettings& settings, const std::string& device);

absl::StatusOr<std::unique_ptr<Network>> make_network(const network::Interface& interface,
                                                      const network::MultiTaskSettings& settings, const std::string& device);

// Both, as the user's options say, and a line in the log that says where `trainer` trains.
template <class Settings>
absl::StatusOr<std::unique_ptr<Network>> open_network(std::string_view trainer, const Settings& settings,
                                                      const NetworkOptions& options) {
  RIFFLE_ASSIGN_OR_RETURN(const network::Interface* interface, load_network_module(options.module));
  RIFFLE_ASSIGN_OR_RETURN(auto made, make_network(*interface, settings, options.device));
  log::info("{} trains on {} ({})", trainer, made->device(), interface->library());
  return made;
}

}  // namespace riffle::learner
