// Riffle itself under prequential test: the rows that events make (features/event_rows), the candidates that serving gathers
// from them, and the features that it computes, by the same code and options as a shard, in memory; ranked by a listwise
// model (learner/listwise.h) that learns from each point which of the candidates was taken. No exploration and no
// diversifier: what is measured is what Riffle thinks best. What a diversifier makes of it: diversified_riffle.h.
//
// Item statistics and the catalogue are taken over every kRefresh events, as a worker does a few times a second.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "evaluation/prequential/live_encoder.h"
#include "evaluation/prequential/policy.h"
#include "features/options.h"
#include "serving/options.h"

namespace riffle::evaluation {

class RifflePolicy final : public Policy {
 public:
  // The steps by which the ranker learns, tuned on 2010-12 and 2011-01 of Online Retail: a basket says more than a line, and
  // there are fewer of them.
  static constexpr double kStepOfLines = 0.08, kStepOfBaskets = 0.04;

  // Of riffle with the live encoder as one more source.
  static constexpr std::string_view kEncoderPrefix = "riffle:encoder=";

  // `encoder`: null where none runs.
  RifflePolicy(const features::RowOptions& rows, const serving::ServingOptions& serving, double step = kStepOfLines,
               std::string name = "riffle", std::unique_ptr<LiveEncoder> encoder = nullptr);
  ~RifflePolicy() override;

  std::string name() const override { return name_; }
  void recommend(const Query& query, std::vector<ItemIndex>& list) override;
  // What a diversifier makes of the candidates of the same query, just answered by recommend(). r̂ of a candidate is its chance
  // to be taken by the model (∝ exp of its score) over that of the likeliest: 1 for the best, so weight 0 changes nothing.
  void diversify(const Query& query, const serving::DiversifierOptions& diversifier, std::vector<ItemIndex>& list);
  // The candidates of the last query that may be listed, and the model's scores of them; until the next one.
  struct Choice {
    std::span<const ItemIndex> items;
    std::span<const float> scores;
  };
  Choice choice() const;
  void learn(const Interaction& interaction) override;
  void describe(const records::Item& item, TimePoint time) override;
  void observe(const records::Event& event, TimePoint time) override;
  std::size_t memory_bytes() const override;

  // One line a feature: its name and weight.
  std::vector<std::pair<std::string, double>> weights() const;

 private:
  static constexpr std::uint64_t kRefresh = 256;

  struct Impl;
  std::string name_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace riffle::evaluation
