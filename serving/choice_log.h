// What the choice of a fully logged decision depended on beside its candidates' scores: the policy's exploration, λ, caps, the
// user's tastes, and what of each candidate the diversifier, the caps and the explorer asked. With it the slots' distributions can be made again,
// given any slots above: by the policy that chose (so its marginals can be found by drawing lists) and by any other.
//
// A kilobyte a candidate with 64 draws, a third of that without: that is why only fully logged decisions have it.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "features/catalogue.h"
#include "records/riffle.pb.h"
#include "serving/slate.h"

namespace riffle::serving {

// Decisions with more are logged without: an outcome has to fit into a record (topics.max_message_bytes, 4 MiB by default) with
// its candidates' features. 200 candidates with 256 draws are 265 kB; 3,900 without draws are this.
constexpr std::size_t kMostChoiceBytes = 1 << 20;
std::size_t choice_bytes(const SlateInput& input);

// Of a decision whose `candidates` are all of the input's, in its order. `diversity_asked`: the request said λ.
void log_choice(const SlateInput& input, bool diversity_asked, pb::ChoiceLog& log);

// The same read back. One thread; keeps its memory from decision to decision.
class LoggedChoice {
 public:
  // Not empty: why this log cannot be read (static text). `candidates` stay where they are as long as input() is used; an
  // outcome without a choice says so.
  std::string_view read(const pb::Outcome& outcome);

  // What SlateBuilder::fill() was given: of the policy that chose, with the logged scores, for as many slots as it filled.
  SlateInput input() const;

  // Of each candidate, for another policy's input.
  std::span<const ItemKey> keys() const { return keys_; }
  std::span<const features::KernelVector* const> kernels() const { return kernel_pointers_; }
  std::span<const std::span<const CategoryKey>> category_paths() const { return path_spans_; }
  // Of the user; none: logged by a build that did not log them.
  std::optional<std::span<const CategoryShare>> tastes() const {
    return log_->has_tastes() ? std::optional<std::span<const CategoryShare>>(tastes_) : std::nullopt;
  }

 private:
  const pb::ChoiceLog* log_ = nullptr;
  std::size_t slots_ = 0;
  PolicyOptions policy_;
  std::vector<ItemKey> keys_;
  std::vector<float> scores_, draws_, widths_;
  std::vector<features::KernelVector> kernels_;
  std::vector<const features::KernelVector*> kernel_pointers_;
  std::vector<CategoryKey> paths_;
  std::vector<std::span<const CategoryKey>> path_spans_;
  std::vector<CategoryShare> tastes_;
  std::vector<learner::WeightArm> arms_;
};

}  // namespace riffle::serving
