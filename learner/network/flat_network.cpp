#include "learner/network/flat_network.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/ATen.h>
#include <torch/csrc/autograd/generated/variable_factories.h>

namespace riffle::learner::network {
namespace {

constexpr double kFirstDecay = .9;     // β₁
constexpr double kSecondDecay = .999;  // β₂
constexpr double kAdamEpsilon = 1e-8;

}  // namespace

at::Tensor mask_of(const at::Tensor& count, std::int64_t padded) {
  return at::arange(padded, count.options()).unsqueeze(0).lt(count.unsqueeze(1));
}

at::Tensor masked(const at::Tensor& values, const at::Tensor& count) {
  return values.masked_fill(mask_of(count, values.size(1)).logical_not(), -std::numeric_limits<float>::infinity());
}

FlatNetwork::FlatNetwork(std::size_t parameters, const Rates& rates, c10::Device device) : device_(device), rates_(rates) {
  const auto count = static_cast<std::int64_t>(parameters);
  const auto options = at::TensorOptions().dtype(at::kFloat).device(device);
  online_ = torch::zeros({count}, options.requires_grad(true));
  target_ = at::zeros({count}, options);
  gradient_ = at::zeros({count}, options);
  first_moment_ = at::zeros({count}, options);
  second_moment_ = at::zeros({count}, options);
}

// from_blob does not write; its signature cannot say so.
at::Tensor FlatNetwork::from_host(const float* data, at::IntArrayRef sizes) const {
  const at::Tensor host = at::from_blob(const_cast<float*>(data), sizes, at::TensorOptions().dtype(at::kFloat));
  return device_.is_cpu() ? host : host.to(device_);
}

at::Tensor FlatNetwork::from_host(const std::int64_t* data, at::IntArrayRef sizes) const {
  const at::Tensor host = at::from_blob(const_cast<std::int64_t*>(data), sizes, at::TensorOptions().dtype(at::kLong));
  return device_.is_cpu() ? host : host.to(device_);
}

void FlatNetwork::read(Numbers& to) const {
  const at::NoGradGuard no_gradient;
  const auto copy = [](const at::Tensor& from, float* out) {
    const at::Tensor host = from.detach().to(at::kCPU).contiguous();
    std::copy_n(host.data_ptr<float>(), host.numel(), out);
  };
  copy(online_, to.online);
  copy(target_, to.target);
  copy(first_moment_, to.first_moment);
  copy(second_moment_, to.second_moment);
  to.steps = steps_;
}

void FlatNetwork::write(const Numbers& from) {
  const at::NoGradGuard no_gradient;
  const auto copy = [this](const float* data, const at::Tensor& out) { out.copy_(from_host(data, out.sizes())); };
  copy(from.online, online_);
  copy(from.target, target_);
  copy(from.first_moment, first_moment_);
  copy(from.second_moment, second_moment_);
  steps_ = from.steps;
}

bool FlatNetwork::update(const at::Tensor& gradient) {
  const at::NoGradGuard no_gradient;
  const float norm = gradient.norm().item<float>();
  if (!std::isfinite(norm)) return false;
  const double scale = norm > rates_.largest_gradient ? rates_.largest_gradient / norm : 1.0;
  const at::Tensor g = scale == 1 ? gradient : gradient * scale;
  ++steps_;
  const double first = 1 - std::pow(kFirstDecay, static_cast<double>(steps_));
  const double second = 1 - std::pow(kSecondDecay, static_cast<double>(steps_));
  first_moment_.mul_(kFirstDecay).add_(g, 1 - kFirstDecay);
  second_moment_.mul_(kSecondDecay).addcmul_(g, g, 1 - kSecondDecay);
  const at::Tensor scaled = second_moment_.div(second).sqrt_().add_(kAdamEpsilon);
  online_.addcdiv_(first_moment_, scaled, -rates_.learning / first);
  target_.add_(online_ - target_, rates_.target);  // as lerp_, which takes five times as long
  return true;
}

}  // namespace riffle::learner::network
