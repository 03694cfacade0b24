#include "learner/gaussian_posterior.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <utility>

#include "base/check.h"
#include "base/rng.h"
#include "learner/beta.h"

namespace riffle::learner {
namespace {

// y = M x, with rows in blocks of 32 that the compiler keeps in registers. The order of the sums does not depend on where
// anything lies in memory, which the equality of replayed lists needs.
class BlockedMatrix {
 public:
  static constexpr int kBlock = 32;

  BlockedMatrix(const Eigen::MatrixXd& matrix, bool lower)
      : rows_(static_cast<std::size_t>(matrix.rows())),
        columns_(static_cast<std::size_t>(matrix.cols())),
        blocks_((rows_ + kBlock - 1) / kBlock),
        lower_(lower),
        numbers_(blocks_ * columns_ * kBlock) {
    for (std::size_t row = 0; row < rows_; ++row)
      for (std::size_t column = 0; column < columns_; ++column)
        numbers_[((row / kBlock) * columns_ + column) * kBlock + row % kBlock] =
            static_cast<float>(matrix(static_cast<Eigen::Index>(row), static_cast<Eigen::Index>(column)));
  }

  // visit(block, values): 32 numbers, those beyond the last row 0.
  template <class Visit>
  void multiply(const float* x, Visit&& visit) const {
    using Block = Eigen::Array<float, kBlock, 1>;
    for (std::size_t block = 0; block < blocks_; ++block) {
      Block sum = Block::Zero();
      const float* column = numbers_.data() + block * columns_ * kBlock;
      const std::size_t end = lower_ ? std::min(columns_, (block + 1) * kBlock) : columns_;
      for (std::size_t j = 0; j < end; ++j, column += kBlock) sum += Eigen::Map<const Block>(column) * x[j];
      visit(block, sum);
    }
  }

 private:
  std::size_t rows_, columns_, blocks_;
  bool lower_;   // nothing above the diagonal
  std::vector<float> numbers_;
};

}  // namespace

struct GaussianPosterior::Made {
  std::once_flag inverse_once, drawn_once;
  Eigen::MatrixXd inverse_factor;            // L⁻¹
  std::unique_ptr<const BlockedMatrix> inverse, drawn;
};

GaussianPosterior::GaussianPosterior(std::vector<float> weights, Eigen::MatrixXd factor, double noise,
                                     const DrawOptions& draws, std::uint64_t seed, double noise_shape)
    : weights_(std::move(weights)),
      factor_(std::move(factor)),
      noise_(noise),
      noise_shape_(noise_shape),
      draw_options_(draws),
      seed_(seed),
      made_(std::make_unique<Made>()) {
  RIFFLE_CHECK(factor_.rows() == factor_.cols() && static_cast<std::size_t>(factor_.rows()) == weights_.size(),
               "weights", weights_.size(), "factor", factor_.rows());
}

GaussianPosterior::~GaussianPosterior() = default;

const GaussianPosterior::Made& GaussianPosterior::inverse() const {
  std::call_once(made_->inverse_once, [&] {
    made_->inverse_factor =
        factor_.triangularView<Eigen::Lower>().solve(Eigen::MatrixXd::Identity(factor_.rows(), factor_.cols()));
    made_->inverse = std::make_unique<const BlockedMatrix>(made_->inverse_factor, true);
  });
  return *made_;
}

const GaussianPosterior::Made& GaussianPosterior::drawn() const {
  inverse();
  std::call_once(made_->drawn_once, [&] {
    const auto count = static_cast<Eigen::Index>(draw_options_.count);
    Rng rng(seed_);
    Eigen::MatrixXd normals(factor_.rows(), count);
    for (Eigen::Index s = 0; s < count; ++s) {
      for (Eigen::Index j = 0; j < normals.rows(); ++j) normals(j, s) = rng.normal();
      if (noise_shape_ > 0) normals.col(s) *= std::sqrt(noise_shape_ / gamma_draw(rng, noise_shape_));
    }
    const Eigen::VectorXd mean = Eigen::Map<const Eigen::VectorXf>(weights_.data(), factor_.rows()).cast<double>();
    Eigen::MatrixXd draws = made_->inverse_factor.transpose().triangularView<Eigen::Upper>() * normals;
    draws *= draw_options_.scale * noise_;
    draws.colwise() += mean;
    made_->drawn = std::make_unique<const BlockedMatrix>(draws.transpose(), false);
  });
  return *made_;
}

float GaussianPosterior::mean(const float* x) const {
  using Block = Eigen::Array<float, 8, 1>;
  Block sum = Block::Zero();
  std::size_t j = 0;
  for (; j + 8 <= weights_.size(); j += 8)
    sum += Eigen::Map<const Block>(weights_.data() + j) * Eigen::Map<const Block>(x + j);
  float rest = 0;
  for (; j < weights_.size(); ++j) rest += weights_[j] * x[j];
  return sum.sum() + rest;
}

float GaussianPosterior::width(const float* x) const {
  float squares = 0;
  inverse().inverse->multiply(x, [&](std::size_t, const auto& block) { squares += block.square().sum(); });
  return std::sqrt(squares);
}

void GaussianPosterior::draws(const float* x, std::span<float> out) const {
  RIFFLE_CHECK(out.size() == draw_options_.count, "draws", out.size());
  if (out.empty()) return;
  drawn().drawn->multiply(x, [&](std::size_t block, const auto& values) {
    const std::size_t first = block * BlockedMatrix::kBlock;
    const std::size_t here = std::min<std::size_t>(BlockedMatrix::kBlock, out.size() - first);
    std::copy_n(values.data(), here, out.begin() + static_cast<std::ptrdiff_t>(first));
  });
}

}  // namespace riffle::learner
