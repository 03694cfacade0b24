#include "evaluation/saved_policy.h"

#include <limits>
#include <optional>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "features/feature_vector.h"
#include "learner/policy_log.h"

namespace riffle::evaluation {
namespace {

constexpr std::size_t kRecordsAPoll = 1000;
constexpr Milliseconds kWait{100};
constexpr Milliseconds kPatience{10000};

// The whole topic, which has one partition, as it is now.
absl::Status read_topic(bus::Bus& bus, const std::string& topic, learner::PolicyLog& log) {
  RIFFLE_ASSIGN_OR_RETURN(const auto info, bus.describe(topic));
  if (!info) return absl::NotFoundError(absl::StrCat("there is no topic ", topic));
  RIFFLE_ASSIGN_OR_RETURN(auto source, bus.make_source({}));
  const bus::TopicPartition where{topic, Partition(0)};
  RIFFLE_ASSIGN_OR_RETURN(const bus::Watermarks marks, source->watermarks(where));
  if (marks.low >= marks.high) return absl::OkStatus();
  RIFFLE_RETURN_IF_ERROR(source->assign({{where, marks.low}}));
  for (Milliseconds waited{0}; waited < kPatience;) {
    RIFFLE_ASSIGN_OR_RETURN(const bus::Batch batch, source->poll(kRecordsAPoll, kWait));
    for (const bus::PartitionError& error : batch.errors) return error.status;
    for (const bus::Record& record : batch.records) {
      // What is broken is left out: the version asked for may be whole all the same.
      if (record.key && learner::policy_of(*record.key) != learner::kEncoderId) (void)log.apply(*record.key, record.value);
      if (record.offset.value() + 1 >= marks.high.value()) return absl::OkStatus();
    }
    if (batch.records.empty() && !batch.ends.empty()) return absl::OkStatus();
    waited = batch.records.empty() ? waited + kWait : Milliseconds(0);
  }
  return retriable_error(absl::StrCat("the bus gave nothing of ", topic, " for ",
                                      kPatience.count() / 1000, " s; is the broker up?"));
}

const pb::PolicyManifest* find(const learner::PolicyLog& log, const PolicyId& policy,
                               std::uint64_t version) {
  if (version == 0) return log.newest(policy);
  for (const pb::PolicyManifest* manifest : log.complete_versions(policy))
    if (manifest->version() == version) return manifest;
  return nullptr;
}

}  // namespace

absl::StatusOr<learner::PolicyVersion> read_saved_policy(bus::Bus& bus, const std::string& topic,
                                                         const serving::PolicyOptions& policy,
                                                         std::uint64_t version,
                                                         const learner::LearnerOptions& options) {
  const learner::LearnedPolicy learned = serving::learned_policy(policy);
  if (!learner::learns(learned)) return learner::first_version(learned, options);
  learner::PolicyLog log(std::numeric_limits<std::size_t>::max());
  RIFFLE_RETURN_IF_ERROR(read_topic(bus, topic, log));
  const pb::PolicyManifest* manifest = find(log, policy.id, version);
  if (manifest == nullptr)
    return absl::NotFoundError(absl::StrCat(
        topic, " has no whole ", version == 0 ? "version" : absl::StrCat("version ", version),
        " of policy ", policy.id.str(), " made with this build's features; the highest it names is ",
        log.highest_version(policy.id)));
  if (manifest->scorer() != policy.scorer)
    return absl::FailedPreconditionError(
        absl::StrCat("version ", manifest->version(), " of policy ", policy.id.str(), " is of scorer ",
                     manifest->scorer(), ", and the configuration has ", policy.scorer));
  RIFFLE_ASSIGN_OR_RETURN(const std::string state, log.state_of(*manifest));
  return learner::make_version(learned, *manifest, state, options);
}

}  // namespace riffle::evaluation
