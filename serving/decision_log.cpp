#include "serving/decision_log.h"

#include <algorithm>
#include <numeric>

#include "base/hash.h"

namespace riffle::serving {
namespace {

// Seeds, so that the two halves of an id, and the choice of what is fully logged, have nothing to
// do with each other.
constexpr std::uint64_t kFirstHalf = 0x1d;
constexpr std::uint64_t kSecondHalf = 0x2d;
constexpr std::uint64_t kFullLog = 0x3d;

void log_sources(const Candidate& candidate, records::CandidateTableWriter& table) {
  const SourceOrder order = sources_of(candidate);
  for (std::size_t i = 0; i < order.count; ++i) {
    const SourceMark& mark = candidate.mark(order.ids[i]);
    table.add_mark({static_cast<std::uint8_t>(order.ids[i]), mark.score, mark.evidence});
  }
}

}  // namespace

void DecisionLog::log_slots(const Slate& slate, const std::vector<Candidate>& candidates,
                            const CandidateBatch& batch, const CandidatePool& pool,
                            pb::Decision& decision) {
  table_.begin(batch.keys(), features::kFeatureCount);
  for (const FilledSlot& filled : slate.slots) {
    pb::Slot& slot = *decision.add_slots();
    slot.set_item_key(batch.keys()[filled.candidate].value());
    slot.set_item_id(std::string(pool.id_of(candidates[filled.candidate].item)));
    slot.set_category_key(batch.categories()[filled.candidate].value());
    slot.set_propensity(filled.propensity);
    slot.set_score(batch.scores()[filled.candidate]);
    slot.set_gain(filled.gain);
    slot.set_allowed(filled.allowed);
    table_.add_slot(batch.features(filled.candidate));
    log_sources(candidates[filled.candidate], table_);
  }
  decision.set_slate_propensity(slate.propensity);
  decision.set_randomised(slate.randomised);
}

// Each once, in the order in which they come first.
void DecisionLog::log_categories(std::span<const CategoryKey> categories) {
  categories_.clear();
  for (const CategoryKey category : categories) {
    const auto [entry, first] = categories_.insert(category.value());
    if (!first) continue;
    entry->value = static_cast<std::uint32_t>(categories_.size() - 1);
    table_.add_category(category);
  }
}

void DecisionLog::log_candidate(std::uint32_t place, const std::vector<Candidate>& candidates,
                                const CandidateBatch& batch) {
  const std::uint32_t category = categories_.find(batch.categories()[place].value())->value;
  table_.add_logged(place, category, batch.scores()[place], batch.features(place));
  log_sources(candidates[place], table_);
}

void DecisionLog::log_candidates(const std::vector<Candidate>& candidates,
                                 const CandidateBatch& batch, std::string_view origin,
                                 const ServingOptions& options, Rng& rng, pb::Decision& decision) {
  const auto count = static_cast<std::uint32_t>(candidates.size());
  log_categories(batch.categories());
  const double share = std::clamp(options.full_log_share, 0.0, 1.0);
  decision.set_log_probability(share);
  decision.set_fully_logged(static_cast<double>(stable_hash(origin, kFullLog) >> 11) * 0x1.0p-53 <
                            share);
  if (decision.fully_logged()) {
    for (std::uint32_t i = 0; i < count; ++i) log_candidate(i, candidates, batch);
    return;
  }
  // The first places of a shuffle (Fisher–Yates), shuffled no further.
  places_.resize(count);
  std::iota(places_.begin(), places_.end(), 0);
  const std::uint32_t sampled =
      static_cast<std::uint32_t>(std::min<std::size_t>(options.sampled_candidates, count));
  for (std::uint32_t i = 0; i < sampled; ++i) {
    std::swap(places_[i], places_[i + rng.below(count - i)]);
    log_candidate(places_[i], candidates, batch);
  }
}

void DecisionLog::finish(const pb::ChoiceLog* choice, pb::Decision& decision) {
  table_.finish(choice, *decision.mutable_candidate_table());
}

std::string recommendation_id(TimePoint time, std::string_view bytes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string id;
  const auto append = [&](std::uint64_t number, int digits) {
    for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) id.push_back(kHex[number >> shift & 15]);
  };
  append(static_cast<std::uint64_t>(to_ms(time)), 12);
  append(stable_hash(bytes, kFirstHalf), 16);
  append(stable_hash(bytes, kSecondHalf), 4);
  return id;
}

}  // namespace riffle::serving
