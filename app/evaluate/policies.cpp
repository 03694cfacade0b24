#include "app/evaluate/policies.h"

#include <map>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/errors.h"
#include "config/nearest.h"
#include "evaluation/baselines/baselines.h"
#include "evaluation/prequential/diversified_riffle.h"
#include "evaluation/prequential/riffle_policy.h"
#include "evaluation/prequential/sequence_policy.h"
#include "evaluation/prequential/sequenced_riffle.h"

namespace riffle::app {
namespace {

// Policies by name, in the order of asking; those that others stand on come before them, named or not.
class PolicyList {
 public:
  PolicyList(evaluation::Reveal reveal, const config::Config& config) : reveal_(reveal), config_(config) {}

  // False: there is none of that name.
  absl::StatusOr<bool> add(const std::string& name) {
    if (name == "riffle") return riffle(), true;
    if (name.starts_with(evaluation::RifflePolicy::kEncoderPrefix)) return encoded_riffle(name);
    if (name.starts_with(evaluation::SequencedRiffle::kPrefix)) {
      RIFFLE_ASSIGN_OR_RETURN(const evaluation::SequencePolicy* encoder,
                              sequence(name.substr(evaluation::SequencedRiffle::kPrefix.size())));
      made_.push_back(std::make_unique<evaluation::SequencedRiffle>(name, riffle(), *encoder));
      return true;
    }
    if (name.starts_with(evaluation::DiversifiedRiffle::kPrefix)) {
      RIFFLE_ASSIGN_OR_RETURN(const serving::DiversifierOptions diversifier,
                              evaluation::DiversifiedRiffle::parse(name, config_.policies.front().diversifier));
      made_.push_back(std::make_unique<evaluation::DiversifiedRiffle>(name, diversifier, riffle()));
      return true;
    }
    if (name.starts_with(evaluation::SequencePolicy::kPrefix)) {
      RIFFLE_RETURN_IF_ERROR(sequence(name.substr(evaluation::SequencePolicy::kPrefix.size())).status());
      return true;
    }
    std::unique_ptr<evaluation::Policy> baseline = evaluation::make_baseline(name);
    if (!baseline) return false;
    made_.push_back(std::move(baseline));
    return true;
  }
  std::vector<std::unique_ptr<evaluation::Policy>> take() { return std::move(made_); }

 private:
  double step() const {
    return reveal_ == evaluation::Reveal::kLine ? evaluation::RifflePolicy::kStepOfLines : evaluation::RifflePolicy::kStepOfBaskets;
  }
  evaluation::RifflePolicy& riffle() {
    if (riffle_ != nullptr) return *riffle_;
    auto made = std::make_unique<evaluation::RifflePolicy>(config_.rows, config_.serving, step());
    riffle_ = made.get();
    made_.push_back(std::move(made));
    return *riffle_;
  }
  absl::StatusOr<std::unique_ptr<learner::SequenceTrainer>> trainer(learner::network::SequenceShape::Kind kind) const {
    return learner::make_sequence_trainer(kind, config_.learner.sequence, config_.learner.network);
  }
  absl::StatusOr<bool> encoded_riffle(const std::string& name) {
    const auto kind = learner::sequence_kind(name.substr(evaluation::RifflePolicy::kEncoderPrefix.size()));
    if (!kind.ok()) return annotate(kind.status(), "--policies");
    RIFFLE_ASSIGN_OR_RETURN(auto learns, trainer(*kind));
    made_.push_back(std::make_unique<evaluation::RifflePolicy>(
        config_.rows, config_.serving, step(), name,
        std::make_unique<evaluation::LiveEncoder>(std::move(learns), config_.learner.sequence)));
    return true;
  }
  absl::StatusOr<const evaluation::SequencePolicy*> sequence(const std::string& kind_name) {
    const auto known = learner::sequence_kind(kind_name);
    if (!known.ok()) return annotate(known.status(), "--policies");
    const auto kind = *known;
    if (sequences_[kind] != nullptr) return sequences_[kind];
    const learner::SequenceOptions& options = config_.learner.sequence;
    RIFFLE_ASSIGN_OR_RETURN(auto learns, trainer(kind));
    auto made = std::make_unique<evaluation::SequencePolicy>(absl::StrCat(std::string(evaluation::SequencePolicy::kPrefix), kind_name),
                                                             evaluation::SequenceModel(std::move(learns), options.length));
    sequences_[kind] = made.get();
    made_.push_back(std::move(made));
    return sequences_[kind];
  }

  const evaluation::Reveal reveal_;
  const config::Config& config_;
  std::vector<std::unique_ptr<evaluation::Policy>> made_;
  evaluation::RifflePolicy* riffle_ = nullptr;                        // in made_, as the next
  std::map<learner::network::SequenceShape::Kind, const evaluation::SequencePolicy*> sequences_;
};

absl::Status there_is_no(const std::string& name) {
  std::vector<std::string> known = default_policies();
  for (const std::string_view kind : learner::sequence_kinds())
    known.push_back(absl::StrCat(std::string(evaluation::SequencePolicy::kPrefix), std::string(kind)));
  const std::string meant = config::nearest(name, known);
  return absl::InvalidArgumentError(absl::StrCat("--policies: there is no ", name,
                                                 meant.empty() ? absl::StrCat("; there are ", absl::StrJoin(known, ", "))
                                                               : absl::StrCat("; did you mean ", meant, "?")));
}

}  // namespace

std::vector<std::string> default_policies() {
  std::vector<std::string> names;
  for (const evaluation::BaselineFacts& facts : evaluation::all_baselines()) names.push_back(facts.name);
  names.emplace_back("riffle");
  return names;
}

absl::StatusOr<std::vector<std::unique_ptr<evaluation::Policy>>> make_policies(std::vector<std::string> names,
                                                                               evaluation::Reveal reveal,
                                                                               const config::Config& config) {
  if (names.empty()) names = default_policies();
  PolicyList policies(reveal, config);
  for (const std::string& name : names) {
    RIFFLE_ASSIGN_OR_RETURN(const bool added, policies.add(name));
    if (!added) return there_is_no(name);
  }
  return policies.take();
}

}  // namespace riffle::app
