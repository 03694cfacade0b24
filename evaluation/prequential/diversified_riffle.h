// What `riffle` would list at the same point with a diversifier: its candidates and what it thinks of them, filled greedily by
// serving's own code (serving/slate.h). It learns nothing of its own, so any number of weights costs a slate each.
//
//   riffle evaluate -p riffle,riffle:mmr=0.2,riffle:dpp=0.5 …      the curve from relevance to diversity, point by point
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "evaluation/prequential/policy.h"
#include "evaluation/prequential/riffle_policy.h"
#include "serving/options.h"

namespace riffle::evaluation {

class DiversifiedRiffle final : public Policy {
 public:
  static constexpr std::string_view kPrefix = "riffle:";

  // Of "riffle:KIND=WEIGHT"; what KIND needs beside its weight is as in `defaults`. InvalidArgument says what is wrong.
  static absl::StatusOr<serving::DiversifierOptions> parse(const std::string& name, const serving::DiversifierOptions& defaults);

  // `riffle` outlives it, and is asked before it at every point.
  DiversifiedRiffle(std::string name, const serving::DiversifierOptions& options, RifflePolicy& riffle)
      : name_(std::move(name)), options_(options), riffle_(riffle) {}

  std::string name() const override { return name_; }
  void recommend(const Query& query, std::vector<ItemIndex>& list) override { riffle_.diversify(query, options_, list); }
  void learn(const Interaction&) override {}
  std::size_t memory_bytes() const override { return 0; }

 private:
  const std::string name_;
  const serving::DiversifierOptions options_;
  RifflePolicy& riffle_;
};

}  // namespace riffle::evaluation
