#include "serving/decision_log.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_format.h"
#include "base/hash.h"
#include "serving/scratch_map.h"

namespace riffle::serving {
namespace {

// Seeds, so that the two halves of an id, and the choice of what is fully logged, have nothing to do with each other.
constexpr std::uint64_t kFirstHalf = 0x1d;
constexpr std::uint64_t kSecondHalf = 0x2d;
constexpr std::uint64_t kFullLog = 0x3d;

template <class Message>
void log_features(std::span<const float> features, Message& message) {
  message.mutable_features()->Add(features.begin(), features.end());
}

template <class Message>
void log_sources(const Candidate& candidate, Message& message) {
  const SourceOrder order = sources_of(candidate);
  for (std::size_t i = 0; i < order.count; ++i) {
    const SourceMark& mark = candidate.mark(order.ids[i]);
    pb::SourceScore* source = message.add_sources();
    source->set_source(static_cast<std::uint32_t>(order.ids[i]));
    source->set_score(mark.score);
    source->set_evidence_item_key(mark.evidence.value());
  }
}

// Each once, in the order in which they come first.
void log_categories(std::span<const CategoryKey> categories, pb::Decision& decision) {
  static thread_local ScratchMap<bool> met;  // its memory is used again
  met.clear();
  for (const CategoryKey category : categories)
    if (met.insert(category.value()).second) decision.add_candidate_categories(category.value());
}

void log_candidate(std::uint32_t place, const std::vector<Candidate>& candidates, const CandidateBatch& batch,
                   pb::Decision& decision) {
  pb::CandidateLog& log = *decision.add_candidates();
  log.set_item_key(batch.keys()[place].value());
  log.set_category_key(batch.categories()[place].value());
  log.set_score(batch.scores()[place]);
  log_features(batch.features(place), log);
  log_sources(candidates[place], log);
}

}  // namespace

void log_slots(const Slate& slate, const std::vector<Candidate>& candidates, const CandidateBatch& batch,
               const CandidatePool& pool, pb::Decision& decision) {
  for (const FilledSlot& filled : slate.slots) {
    pb::Slot& slot = *decision.add_slots();
    slot.set_item_key(batch.keys()[filled.candidate].value());
    slot.set_item_id(std::string(pool.id_of(candidates[filled.candidate].item)));
    slot.set_category_key(batch.categories()[filled.candidate].value());
    slot.set_propensity(filled.propensity);
    slot.set_score(batch.scores()[filled.candidate]);
    slot.set_gain(filled.gain);
    slot.set_allowed(filled.allowed);
    log_features(batch.features(filled.candidate), slot);
    log_sources(candidates[filled.candidate], slot);
  }
  decision.set_slate_propensity(slate.propensity);
  decision.set_randomised(slate.randomised);
}

void log_candidates(const std::vector<Candidate>& candidates, const CandidateBatch& batch, std::string_view origin,
                    const ServingOptions& options, Rng& rng, pb::Decision& decision) {
  const auto count = static_cast<std::uint32_t>(candidates.size());
  decision.mutable_candidate_keys()->Reserve(static_cast<int>(count));
  for (const ItemKey key : batch.keys()) decision.add_candidate_keys(key.value());
  log_categories(batch.categories(), decision);

  const double share = std::clamp(options.full_log_share, 0.0, 1.0);
  decision.set_log_probability(share);
  decision.set_fully_logged(static_cast<double>(stable_hash(origin, kFullLog) >> 11) * 0x1.0p-53 < share);
  if (decision.fully_logged()) {
    for (std::uint32_t i = 0; i < count; ++i) log_candidate(i, candidates, batch, decision);
    return;
  }
  // The first places of a shuffle (Fisher–Yates), shuffled no further.
  static thread_local std::vector<std::uint32_t> places;
  places.resize(count);
  std::iota(places.begin(), places.end(), 0);
  const std::uint32_t sampled = static_cast<std::uint32_t>(std::min<std::size_t>(options.sampled_candidates, count));
  for (std::uint32_t i = 0; i < sampled; ++i) {
    std::swap(places[i], places[i + rng.below(count - i)]);
    log_candidate(places[i], candidates, batch, decision);
  }
}

std::string recommendation_id(std::string_view bytes) {
  return absl::StrFormat("%016x%016x", stable_hash(bytes, kFirstHalf), stable_hash(bytes, kSecondHalf));
}

}  // namespace riffle::serving
