#include "evaluation/baselines/baselines.h"

#include <functional>

#include "evaluation/baselines/co_visitation.h"
#include "evaluation/baselines/own_frequency.h"
#include "evaluation/baselines/popular.h"
#include "evaluation/baselines/sequential.h"
#include "evaluation/baselines/session_knn.h"
#include "evaluation/baselines/user_cosine.h"

namespace riffle::evaluation {
namespace {

struct Baseline {
  BaselineFacts facts;
  std::function<std::unique_ptr<Policy>()> make;
};

const std::vector<Baseline>& table() {
  static const std::vector<Baseline> baselines = {
      {{"popularity", "the items taken most often"},
       [] { return std::make_unique<PopularPolicy>("popularity", Popularity()); }},
      {{"decayed-popularity", "the same, with a half-life of 3 days"},
       [] {
         return std::make_unique<PopularPolicy>("decayed-popularity", Popularity::decayed(std::chrono::hours(72)));
       }},
      {{"own-frequency", "what the user took in most sessions"}, [] { return std::make_unique<OwnFrequencyPolicy>(); }},
      {{"co-visitation", "what is taken together with the user's last 5 items"},
       [] { return std::make_unique<CoVisitationPolicy>(); }},
      {{"sequential", "what follows the user's last item"}, [] { return std::make_unique<SequentialPolicy>(); }},
      {{"session-knn", "what was taken in the 100 sessions most like the user's"},
       [] { return std::make_unique<SessionKnnPolicy>(); }},
      {{"user-cosine", "what was taken by the users of the user's items"},
       [] { return std::make_unique<UserCosinePolicy>(); }},
  };
  return baselines;
}

}  // namespace

const std::vector<BaselineFacts>& all_baselines() {
  static const std::vector<BaselineFacts> facts = [] {
    std::vector<BaselineFacts> all;
    for (const Baseline& baseline : table()) all.push_back(baseline.facts);
    return all;
  }();
  return facts;
}

std::unique_ptr<Policy> make_baseline(const std::string& name) {
  for (const Baseline& baseline : table())
    if (baseline.facts.name == name) return baseline.make();
  return nullptr;
}

}  // namespace riffle::evaluation
