#include "serving/candidate_batch.h"

#include <algorithm>

namespace riffle::serving {
namespace {

// What is known of items lies all over the memory: it is asked for while those before it are worked on. What of the catalogue is
// read here is the first part of an item there.
constexpr std::size_t kAhead = 8;
constexpr std::size_t kLine = 64;

// An encoder's chance is shared by thousands of items: hundredths say as much as tenths of the sequential rules' score do. Of 1, 3, 10 and 30
// the last two were best on 2010-12 and 2011-01 of Online Retail.
constexpr float kOfChance = 10;

// So many are described and computed at a time, that what is known of them is still in the nearest cache.
constexpr std::size_t kBlock = 64;

void expect(const PooledItem& item) {
  if (!item.catalogue) return;
  const char* const from = reinterpret_cast<const char*>(item.catalogue);
  __builtin_prefetch(from);
  __builtin_prefetch(from + kLine);
}

}  // namespace

void CandidateBatch::fill(const std::vector<Candidate>& candidates, const features::UserContext& user,
                          CandidatePool& pool) {
  const std::size_t count = candidates.size();
  keys_.resize(count);
  categories_.resize(count);
  given_.resize(count);
  kernels_.resize(count);
  paths_.resize(count);
  features_.resize(count * features::kFeatureCount);
  for (std::vector<float>& signal : signals_) signal.resize(count);
  described_.resize(std::min(kBlock, count));
  const auto expect_candidate = [&](std::size_t i) {
    expect(pool.at(candidates[i].item));
    pool.expect_sums(candidates[i].item);
  };
  for (std::size_t i = 0; i < std::min(kAhead, count); ++i) expect_candidate(i);
  for (std::size_t i = 0; i < count; ++i) {
    if (i + kAhead < count) expect_candidate(i + kAhead);
    const Candidate& candidate = candidates[i];
    const PooledItem& item = pool.at(candidate.item);
    keys_[i] = item.key;
    given_[i] = item.given();
    categories_[i] = item.catalogue ? item.catalogue->category : CategoryKey();
    kernels_[i] = item.catalogue ? &item.catalogue->kernel : nullptr;
    paths_[i] = item.catalogue ? std::span<const CategoryKey>(item.catalogue->path) : std::span<const CategoryKey>();
    const features::SourceSignals sources{.together = candidate.score_of(CandidateSourceId::kTogether),
                                          .next = candidate.score_of(CandidateSourceId::kNext) +
                                                  kOfChance * candidate.score_of(CandidateSourceId::kSequence)};
    described_[i % kBlock] = {item.key, pool.signals(candidate.item), item.catalogue, sources};
    if (i + 1 == count || (i + 1) % kBlock == 0) compute(user, i / kBlock * kBlock, i % kBlock + 1);
  }
}

// Features of the `count` that were described last, the first of which is candidate `first`.
void CandidateBatch::compute(const features::UserContext& user, std::size_t first, std::size_t count) {
  columns_.compute(user, std::span(described_).first(count),
                   std::span(features_).subspan(first * features::kFeatureCount, count * features::kFeatureCount));
  for (std::size_t i = 0; i < signals_.size(); ++i)
    std::copy_n(columns_.signal(static_cast<features::FeatureColumns::Signal>(i)).begin(), count,
                signals_[i].begin() + static_cast<std::ptrdiff_t>(first));
}

void CandidateBatch::score(const learner::Scorer& scorer, std::string_view segment, ExplorerNeeds needs) {
  const learner::ScoringBatch batch{
      .features = features_, .categories = categories_, .given = given_, .segment = segment, .items = keys_};
  scores_.resize(count());
  scorer.score(batch, scores_);
  draws_.resize(needs.draws ? count() * scorer.draw_count() : 0);
  if (!draws_.empty()) scorer.score_draws(batch, draws_);
  widths_.resize(needs.widths && scorer.has_widths() ? count() : 0);
  if (!widths_.empty()) scorer.score_widths(batch, widths_);
}

}  // namespace riffle::serving
