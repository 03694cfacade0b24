#include "learner/q_table.h"

#include <algorithm>
#include <cmath>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/errors.h"
#include "base/hash.h"
#include "base/log.h"

namespace riffle::learner {
namespace {

absl::StatusOr<pb::QTableState> parse(std::string_view state) {
  pb::QTableState parsed;
  if (!parsed.ParseFromArray(state.data(), static_cast<int>(state.size())))
    return absl::InvalidArgumentError("q_table state is not a QTableState message");
  for (const auto& cell : parsed.cells())
    if (!std::isfinite(cell.value()))
      return absl::InvalidArgumentError("q_table state holds a value that is not finite");
  return parsed;
}

struct Mean {
  double sum = 0;
  double visits = 0;
  void add(const pb::QCell& cell) {
    const double weight = static_cast<double>(std::max<std::uint64_t>(cell.visits(), 1));
    sum += cell.value() * weight;
    visits += weight;
  }
  float value() const { return visits > 0 ? static_cast<float>(sum / visits) : 0.0F; }
};

bool is_found(const SegmentOptions& options) { return options.kind == "kmeans"; }

// Before any user was met; none where segments are made by rule.
std::optional<UserClusters> new_clusters(const SegmentOptions& options) {
  if (!is_found(options)) return std::nullopt;
  return UserClusters(options.count, options.seed);
}

// Whether what was learned in a state's segments is of use with these. Clusters are of use by their number, too.
bool has_segments_of(const pb::QTableState& state, const SegmentOptions& options) {
  if (!is_found(options)) return !state.has_clusters();
  return state.has_clusters() && static_cast<std::size_t>(state.clusters().clusters_size()) == options.count;
}

}  // namespace

QTableScorer::QTableScorer(const google::protobuf::RepeatedPtrField<pb::QCell>& cells, std::optional<UserClusters> clusters)
    : clusters_(std::move(clusters)) {
  absl::flat_hash_map<CategoryKey, Mean> categories;
  Mean all;
  for (const auto& cell : cells) {
    const CategoryKey category(cell.category_key());
    segments_[cell.segment_key()][category] = static_cast<float>(cell.value());
    categories[category].add(cell);
    all.add(cell);
  }
  for (const auto& [category, mean] : categories) category_means_[category] = mean.value();
  mean_ = all.value();
}

void QTableScorer::score(const ScoringBatch& batch, std::span<float> scores) const {
  RIFFLE_CHECK(batch.count() == scores.size(), "candidates", batch.count(), "scores", scores.size());
  static const ByCategory none;
  const auto segment = segments_.find(stable_hash(batch.segment));
  const ByCategory& own = segment == segments_.end() ? none : segment->second;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const CategoryKey category = batch.categories[i];
    if (const auto it = own.find(category); it != own.end()) {
      scores[i] = it->second;
    } else if (const auto mean = category_means_.find(category); mean != category_means_.end()) {
      scores[i] = mean->second;
    } else {
      scores[i] = mean_;
    }
  }
}

std::string QTableScorer::segment_of(std::span<const float> user, std::string_view rule) const {
  if (!clusters_ || clusters_->empty() || !is_sound_user(user)) return std::string(rule);
  return clusters_->name(clusters_->nearest(user));
}

QTableTrainer::QTableTrainer(const QTableOptions& options) : options_(options), clusters_(new_clusters(options.segments)) {}

void QTableTrainer::learn(const pb::Outcome& outcome) {
  if (!may_learn(outcome, "q_table", ignored_)) return;
  scorer_.reset();
  if (clusters_ && outcome.revision() == 0) move_clusters(outcome);
  const auto segment = segment_of(outcome);
  if (!segment) return;
  const auto found = by_user_.find(stable_hash(outcome.user_id()));
  const auto waiting = found == by_user_.end() ? pending_.end() : found->second;
  if (waiting != pending_.end() && waiting->recommendation == stable_hash(outcome.recommendation_id())) {
    waiting->slots = make_pending(outcome, *segment).slots;  // a revision stands by itself; the segment is its decision's
    if (outcome.closed()) {
      settle(*waiting, 0);
      drop_pending(waiting);
    }
  } else if (outcome.revision() == 0) {
    open(outcome, *segment, waiting);
  } else {
    correct(outcome, *segment);
  }
}

void QTableTrainer::move_clusters(const pb::Outcome& outcome) {
  const std::span<const float> user = logged_user(outcome);
  if (!is_sound_user(user)) return;  // segment_of() says so, where it matters
  const auto gone = clusters_->learn(user);
  if (!gone) return;
  ++begun_anew_;
  absl::erase_if(cells_, [key = stable_hash(*gone)](const auto& cell) { return cell.first.segment == key; });
}

std::optional<std::uint64_t> QTableTrainer::segment_of(const pb::Outcome& outcome) {
  if (!clusters_ || UserClusters::is_name(outcome.segment())) return stable_hash(outcome.segment());
  const std::span<const float> user = logged_user(outcome);
  if (is_sound_user(user) && !clusters_->empty()) return stable_hash(clusters_->name(clusters_->nearest(user)));
  if (worth_a_line(++unplaced_))
    log::warn("q_table: the list {} was logged without a user's features that can be, so it is in no cluster ({} so far)",
              outcome.recommendation_id(), unplaced_);
  return std::nullopt;
}

QTableTrainer::Pending QTableTrainer::make_pending(const pb::Outcome& outcome, std::uint64_t segment) {
  Pending made;
  made.user = stable_hash(outcome.user_id());
  made.recommendation = stable_hash(outcome.recommendation_id());
  made.ordinal = outcome.ordinal();
  made.segment = segment;
  made.slots.reserve(static_cast<std::size_t>(outcome.slots_size()));
  for (const auto& slot : outcome.slots()) made.slots.push_back({slot.category_key(), slot.reward(), slot.exposed()});
  return made;
}

void QTableTrainer::open(const pb::Outcome& outcome, std::uint64_t segment, PendingList::iterator before) {
  Pending decision = make_pending(outcome, segment);
  if (before != pending_.end()) {
    if (before->ordinal >= decision.ordinal) {
      ++late_;
      settle(decision, 0);
      return;
    }
    settle(*before, bootstrap(outcome, segment));
    drop_pending(before);
  }
  if (outcome.closed()) {
    settle(decision, 0);
    return;
  }
  const std::uint64_t user = decision.user;
  by_user_[user] = pending_.insert(pending_.end(), std::move(decision));
  trim_pending();
}

void QTableTrainer::correct(const pb::Outcome& outcome, std::uint64_t segment) {
  for (const auto& slot : outcome.slots()) {
    if (!slot.exposed()) continue;
    const CellKey key{segment, slot.category_key()};
    if (slot.newly_exposed()) {
      step(key, slot.reward());
    } else if (const auto cell = cells_.find(key); cell != cells_.end()) {
      cell->second.value += options_.learning_rate * unlearned_reward(slot);
    }
  }
}

double QTableTrainer::bootstrap(const pb::Outcome& next, std::uint64_t segment) const {
  double best = 0;
  bool any = false;
  const auto consider = [&](std::uint64_t category) {
    const auto cell = cells_.find(CellKey{segment, category});
    const double value = cell == cells_.end() ? 0 : cell->second.value;
    best = any ? std::max(best, value) : value;
    any = true;
  };
  for (const std::uint64_t category : next.candidate_categories()) consider(category);
  if (!any)  // a log without candidates: what was chosen was a candidate
    for (const auto& slot : next.slots()) consider(slot.category_key());
  return options_.discount * best;
}

void QTableTrainer::settle(const Pending& decision, double bootstrap) {
  for (const auto& slot : decision.slots)
    if (slot.exposed) step({decision.segment, slot.category}, slot.reward + bootstrap);
}

void QTableTrainer::step(CellKey key, double target) {
  if (!cells_.contains(key)) trim_cells(1);
  Cell& cell = cells_[key];
  cell.value += options_.learning_rate * (target - cell.value);
  ++cell.visits;
  ++slots_learned_;
}

void QTableTrainer::drop_pending(PendingList::iterator it) {
  by_user_.erase(it->user);
  pending_.erase(it);
}

void QTableTrainer::trim_pending() {
  while (pending_.size() > options_.pending_users) {
    if (worth_a_line(++overflowed_))
      log::warn("q_table: more than {} users wait for their next list; the oldest was learned without it ({} so far)",
                options_.pending_users, overflowed_);
    settle(pending_.front(), 0);
    drop_pending(pending_.begin());
  }
}

void QTableTrainer::trim_cells(std::size_t to_be_added) {
  if (cells_.size() + to_be_added <= options_.max_cells) return;
  std::vector<std::pair<std::uint64_t, CellKey>> by_visits;  // ties by key: the same cells go in every run
  by_visits.reserve(cells_.size());
  for (const auto& [key, cell] : cells_) by_visits.emplace_back(cell.visits, key);
  const std::size_t excess = cells_.size() + to_be_added - options_.max_cells;
  const std::size_t going = std::min(by_visits.size(), std::max(excess, options_.max_cells / 8));
  std::nth_element(by_visits.begin(), by_visits.begin() + static_cast<std::ptrdiff_t>(going) - 1, by_visits.end());
  for (std::size_t i = 0; i < going; ++i) cells_.erase(by_visits[i].second);
  evicted_ += going;
  if (worth_a_line(++evictions_))
    log::warn("q_table: {} least visited cells dropped at the limit of {} ({} so far)", going, options_.max_cells,
              evicted_);
}

pb::QTableState QTableTrainer::sorted_cells() const {
  std::vector<std::pair<CellKey, Cell>> sorted(cells_.begin(), cells_.end());
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  pb::QTableState state;
  state.mutable_cells()->Reserve(static_cast<int>(sorted.size()));
  for (const auto& [key, cell] : sorted) {
    auto& out = *state.add_cells();
    out.set_segment_key(key.segment);
    out.set_category_key(key.category);
    out.set_value(cell.value);
    out.set_visits(cell.visits);
  }
  return state;
}

std::shared_ptr<const Scorer> QTableTrainer::scorer() {
  if (!scorer_) scorer_ = std::make_shared<QTableScorer>(sorted_cells().cells(), clusters_);
  return scorer_;
}

std::string QTableTrainer::save() const {
  pb::QTableState state = sorted_cells();
  for (const auto& decision : pending_) {
    auto& out = *state.add_pending();
    out.set_user_key(decision.user);
    out.set_recommendation_key(decision.recommendation);
    out.set_ordinal(decision.ordinal);
    out.set_segment_key(decision.segment);
    for (const auto& slot : decision.slots) {
      auto& to = *out.add_slots();
      to.set_category_key(slot.category);
      to.set_reward(slot.reward);
      to.set_exposed(slot.exposed);
    }
  }
  state.set_slots_learned(slots_learned_);
  if (clusters_) clusters_->save(*state.mutable_clusters());
  return state.SerializeAsString();
}

absl::Status QTableTrainer::load(std::string_view state) {
  RIFFLE_ASSIGN_OR_RETURN(const pb::QTableState parsed, parse(state));
  if (!has_segments_of(parsed, options_.segments)) {
    log::warn("q_table: the version's segments are others than the configuration's ({}); learning starts anew", options_.segments.kind);
    *this = QTableTrainer(options_);
    return absl::OkStatus();
  }
  QTableTrainer loaded(options_);
  if (loaded.clusters_) RIFFLE_RETURN_IF_ERROR(loaded.clusters_->load(parsed.clusters()));
  for (const auto& cell : parsed.cells()) {
    if (!loaded.cells_.try_emplace({cell.segment_key(), cell.category_key()}, Cell{cell.value(), cell.visits()}).second)
      return absl::InvalidArgumentError("q_table state holds a cell twice");
  }
  for (const auto& from : parsed.pending()) {
    Pending decision{from.user_key(), from.recommendation_key(), from.ordinal(), from.segment_key(), {}};
    for (const auto& slot : from.slots()) {
      if (!std::isfinite(slot.reward()))
        return absl::InvalidArgumentError("q_table state holds a pending reward that is not finite");
      decision.slots.push_back({slot.category_key(), slot.reward(), slot.exposed()});
    }
    const auto place = loaded.pending_.insert(loaded.pending_.end(), std::move(decision));
    if (!loaded.by_user_.try_emplace(place->user, place).second)
      return absl::InvalidArgumentError("q_table state holds two pending decisions of one user");
  }
  // The list's nodes keep their places when it is moved, so by_user_ stays true.
  cells_ = std::move(loaded.cells_);
  pending_ = std::move(loaded.pending_);
  by_user_ = std::move(loaded.by_user_);
  clusters_ = std::move(loaded.clusters_);
  slots_learned_ = parsed.slots_learned();
  scorer_.reset();
  trim_cells(0);  // limits may have been lowered since
  trim_pending();
  return absl::OkStatus();
}

std::vector<TrainerIncident> QTableTrainer::incidents() const {
  return {{"pending_overflow", overflowed_}, {"late_decision", late_},         {"cells_evicted", evicted_},
          {"unplaced_user", unplaced_},      {"cluster_begun_anew", begun_anew_}};
}

double QTableTrainer::value(std::string_view segment, CategoryKey category) const {
  const auto cell = cells_.find(CellKey{stable_hash(segment), category.value()});
  return cell == cells_.end() ? 0 : cell->second.value;
}

absl::StatusOr<std::shared_ptr<const Scorer>> q_table_scorer(std::string_view state, const QTableOptions& options) {
  RIFFLE_ASSIGN_OR_RETURN(const pb::QTableState parsed, parse(state));
  std::optional<UserClusters> clusters = new_clusters(options.segments);
  if (parsed.has_clusters()) {
    clusters.emplace(0, options.segments.seed);
    RIFFLE_RETURN_IF_ERROR(clusters->load(parsed.clusters()));
  }
  return std::make_shared<const QTableScorer>(parsed.cells(), std::move(clusters));
}

}  // namespace riffle::learner
