// What an encoder of the user's last interactions names next (learner/sequence/sequence_trainer.h): the items with rows by their scores,
// then those without by popularity. It learns from the stream as it goes, every interaction a few times.
//
//   riffle evaluate -p sequence:mean,sequence:gru,sequence:attention …
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "evaluation/baselines/ranking.h"
#include "evaluation/prequential/sequence_model.h"

namespace riffle::evaluation {

class SequencePolicy final : public Policy {
 public:
  static constexpr std::string_view kPrefix = "sequence:";

  SequencePolicy(std::string name, SequenceModel model) : name_(std::move(name)), model_(std::move(model)) {}

  std::string name() const override { return name_; }
  void recommend(const Query& query, std::vector<ItemIndex>& list) override;
  void learn(const Interaction& interaction) override;
  void describe(const records::Item& item, TimePoint) override { model_.describe(item); }
  std::size_t memory_bytes() const override { return model_.memory_bytes() + popularity_.memory_bytes(); }

  // Of the last query: every item's score, by its number; NaN of those without a row.
  std::span<const float> scores() const { return scores_; }

 private:
  std::string name_;
  SequenceModel model_;
  Popularity popularity_;
  BestItems best_;               // scratch
  std::vector<float> scores_;
};

}  // namespace riffle::evaluation
