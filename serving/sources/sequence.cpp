#include "serving/sources/sequence.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "features/packet_math.h"
#include "serving/candidate_pool.h"
#include "serving/threshold.h"
#include "serving/vector_lanes.h"

namespace riffle::serving {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kLargest = 1e30F;

// Beside those that are wanted, so many are looked at first: some the rules refuse, as what the user has bought.
constexpr std::size_t kMore = 32;

}  // namespace

bool SequenceSource::silent(const SourceInput& input) const {
  return !input.context->encoder || input.context->encoder->items().empty() || !input.context->user ||
         input.context->user->history.empty();
}

void SequenceSource::read(const learner::EncoderSnapshot& snapshot) {
  if (snapshot_ == &snapshot && version_ == snapshot.version()) return;
  snapshot_ = &snapshot;
  version_ = snapshot.version();
  encoder_ = std::make_unique<learner::SequenceEncoder>(snapshot.shape(), snapshot.numbers());
  state_.resize(snapshot.shape().width);
}

void SequenceSource::score(const SourceInput& input) {
  const learner::EncoderSnapshot& snapshot = *input.context->encoder;
  read(snapshot);
  const features::Catalogue* const catalogue = input.context->catalogue;
  history_.clear();
  const std::span<const records::HistoryEntry> all(input.context->user->history);
  for (const records::HistoryEntry& entry : all.last(std::min<std::size_t>(all.size(), snapshot.shape().length))) {
    const features::CatalogueItem* const item = catalogue ? catalogue->items.find(entry.item) : nullptr;
    history_.push_back({entry.item, item ? item->category : CategoryKey(), entry.time_ms, entry.type});
  }
  encoder_->encode(history_, to_ms(input.context->now), snapshot.tables(), state_);
  const std::size_t count = snapshot.items().size();
  scores_.resize(padded(count));
  learner::score_rows(snapshot.outputs(), state_, std::span(scores_).first(count));
  std::fill(scores_.begin() + static_cast<std::ptrdiff_t>(count), scores_.end(), -kLargest);
  float most = -kLargest;
  for (float& x : scores_) {
    x = x > -kLargest ? std::min(x, kLargest) : -kLargest;  // no number, too
    most = std::max(most, x);
  }
  chances_.resize(scores_.size());
  for (std::size_t i = 0; i < scores_.size(); ++i) chances_[i] = scores_[i] - most;
  features::take_exps(chances_);
  std::fill(chances_.begin() + static_cast<std::ptrdiff_t>(count), chances_.end(), 0.0F);
  FloatLanes sums{};
  for (std::size_t i = 0; i < chances_.size(); i += kLanes) {
    FloatLanes chance;
    load_lanes(chance, chances_.data() + i);
    sums += chance;
  }
  float sum = 0;
  for (std::size_t lane = 0; lane < kLanes; ++lane) sum += sums[lane];
  for (float& chance : chances_) chance /= sum;
  std::fill(scores_.begin() + static_cast<std::ptrdiff_t>(count), scores_.end(), -kInfinity);
}

void SequenceSource::gather(const SourceInput& input, std::size_t wanted, std::vector<SourcedItem>& out) {
  CandidatePool& pool = *input.pool;
  if (out.empty()) score(input);
  const std::span<const ItemKey> items = input.context->encoder->items();
  for (std::size_t looked_at = wanted + kMore;; looked_at *= 2) {
    const bool all = looked_at >= items.size();
    places_.clear();
    append_places_from(scores_, all ? std::numeric_limits<float>::lowest() : threshold_of_largest(scores_, looked_at), places_);
    items_.clear();
    for (const std::uint32_t place : places_) items_.push_back(pool.number_of(items[place]));
    pool.meet(items_);
    out.clear();
    for (std::size_t i = 0; i < items_.size(); ++i)
      if (pool.allowed(items_[i])) out.push_back({items_[i], chances_[places_[i]], ItemKey()});
    if (all || out.size() >= wanted) break;
  }
  best_.keep(wanted, pool, out);
}

}  // namespace riffle::serving
