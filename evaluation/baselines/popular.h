// The most popular items, whoever asks.
#pragma once

#include <optional>

#include "evaluation/baselines/ranking.h"

namespace riffle::evaluation {

class PopularPolicy final : public Policy {
 public:
  // With a half-life: what was taken that long ago counts half.
  PopularPolicy(std::string name, Popularity popularity) : name_(std::move(name)), popularity_(std::move(popularity)) {}

  std::string name() const override { return name_; }
  void recommend(const Query& query, std::vector<ItemIndex>& list) override;
  void learn(const Interaction& interaction) override;
  std::size_t memory_bytes() const override { return popularity_.memory_bytes(); }

 private:
  std::string name_;
  Popularity popularity_;
};

}  // namespace riffle::evaluation
