#include "serving/choice_log.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace riffle::serving {
namespace {

void log_explorer(const PolicyOptions& policy, pb::ExplorerLog& log) {
  const ExplorerOptions& options = policy.explorer;
  log.set_kind(std::string(explorer_of(policy)));
  log.set_epsilon(options.epsilon);
  log.set_epsilon_start(options.epsilon_start);
  log.set_epsilon_half_life(options.epsilon_half_life);
  log.set_gamma_scale(options.gamma_scale);
  log.set_gamma_exponent(options.gamma_exponent);
  log.set_top(options.top);
  log.set_max_slots_learned(options.max_slots_learned);
  log.set_temperature(options.temperature);
  log.set_mellowness(options.mellowness);
}

void read_explorer(const pb::ExplorerLog& log, ExplorerOptions& options) {
  options.kind = log.kind();
  options.epsilon = log.epsilon();
  options.epsilon_start = log.epsilon_start();
  options.epsilon_half_life = log.epsilon_half_life();
  options.gamma_scale = log.gamma_scale();
  options.gamma_exponent = log.gamma_exponent();
  options.top = static_cast<std::size_t>(log.top());
  options.max_slots_learned = log.max_slots_learned();
  options.temperature = log.temperature();
  options.mellowness = log.mellowness();
}

constexpr double kRounding = 1e-6;  // of probabilities that are to sum to 1
constexpr std::string_view kBrokenArms = "a decision's log of its diversity weight is broken";

bool is_among(std::span<const std::string_view> kinds, std::string_view kind) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

}  // namespace

std::size_t choice_bytes(const SlateInput& input) {
  return input.keys.size() * sizeof(features::KernelVector) + input.draws.size_bytes() + input.widths.size_bytes() +
         input.tastes.size_bytes();
}

void log_choice(const SlateInput& input, bool diversity_asked, pb::ChoiceLog& log) {
  const PolicyOptions& policy = *input.policy;
  log.set_explore(input.explore);
  log.set_diversity(input.diversity);
  log.set_diversity_asked(diversity_asked);
  log.set_slots_learned(input.slots_learned);
  log.set_reward_ceiling(policy.reward_ceiling);
  log.set_shortlist(policy.shortlist);
  log_explorer(policy, *log.mutable_explorer());
  log.set_diversifier(policy.diversifier.kind);
  log.set_diversifier_window(policy.diversifier.window);
  log.set_diversifier_depth(policy.diversifier.depth);
  log.set_has_tastes(true);
  for (const CategoryShare& taste : input.tastes) {
    pb::CategoryShareLog& logged = *log.add_tastes();
    logged.set_category_key(taste.category.value());
    logged.set_share(taste.share);
  }
  for (const CategoryCap& cap : policy.caps) {
    pb::CategoryCapLog& logged = *log.add_caps();
    logged.set_depth(cap.depth);
    logged.set_most(cap.most);
    logged.set_window(cap.window);
  }
  log.set_has_widths(!input.widths.empty());
  const std::size_t count = input.keys.size();
  const std::size_t draws = count > 0 ? input.draws.size() / count : 0;
  for (std::size_t i = 0; i < count; ++i) {
    pb::CandidateChoiceLog& candidate = *log.add_candidates();
    if (const features::KernelVector* kernel = input.kernels[i])
      candidate.mutable_kernel()->Add(kernel->begin(), kernel->end());
    for (const CategoryKey key : input.category_paths[i]) candidate.add_category_path(key.value());
    const auto drawn = input.draws.subspan(i * draws, draws);
    candidate.mutable_draws()->Add(drawn.begin(), drawn.end());
    if (!input.widths.empty()) candidate.set_width(input.widths[i]);
  }
}

std::string_view LoggedChoice::read(const pb::Outcome& outcome) {
  if (!outcome.has_choice())
    return "a decision was logged without what its choice depended on (by an older build, or of too many candidates)";
  log_ = &outcome.choice();
  slots_ = static_cast<std::size_t>(outcome.slots_size());
  const auto count = static_cast<std::size_t>(log_->candidates_size());
  if (outcome.candidates_size() != log_->candidates_size()) return "a decision's log of its choice has other candidates";
  if (!is_among(explorer_kinds(), log_->explorer().kind()) || !is_among(diversifier_kinds(), log_->diversifier()))
    return "a decision was made by an explorer or a diversifier that this build does not have";
  const bool windowed = log_->diversifier_window() >= 2 && log_->diversifier_window() <= kMostWindow;
  if (!(log_->reward_ceiling() > 0) || !(log_->explore() >= 0 && log_->explore() <= 1) ||
      (log_->diversifier() == "ssd" && !windowed))
    return "a decision's log of its choice is broken";
  arms_.clear();
  const pb::LearnedWeight& learned = outcome.learned_weight();
  if (learned.probabilities_size() != learned.weights_size()) return kBrokenArms;
  double sum = 0;
  for (int arm = 0; arm < learned.weights_size(); ++arm) {
    arms_.push_back({learned.weights(arm), learned.probabilities(arm)});
    if (!(arms_.back().weight >= 0 && arms_.back().weight <= 1 && arms_.back().probability >= 0)) return kBrokenArms;
    sum += arms_.back().probability;
  }
  if (!arms_.empty() && !(std::abs(sum - 1) <= kRounding)) return kBrokenArms;
  policy_ = PolicyOptions();
  read_explorer(log_->explorer(), policy_.explorer);
  policy_.diversifier = {.kind = log_->diversifier(),
                         .weight = log_->diversity(),
                         .window = static_cast<std::size_t>(log_->diversifier_window()),
                         .depth = static_cast<std::size_t>(log_->diversifier_depth())};
  policy_.reward_ceiling = log_->reward_ceiling();
  policy_.shortlist = static_cast<std::size_t>(log_->shortlist());
  for (const pb::CategoryCapLog& cap : log_->caps())
    policy_.caps.push_back({.depth = static_cast<std::size_t>(cap.depth()),
                            .most = static_cast<std::size_t>(cap.most()),
                            .window = static_cast<std::size_t>(cap.window())});

  keys_.clear(), scores_.clear(), draws_.clear(), widths_.clear(), paths_.clear(), tastes_.clear();
  for (const pb::CategoryShareLog& taste : log_->tastes()) {
    if (!(taste.share() >= 0 && taste.share() <= 1)) return "a decision's log of its choice is broken";
    tastes_.push_back({.category = CategoryKey(taste.category_key()), .share = taste.share()});
  }
  kernels_.resize(count);
  kernel_pointers_.assign(count, nullptr);
  path_spans_.assign(count, {});
  std::size_t categories = 0;
  for (const pb::CandidateChoiceLog& candidate : log_->candidates())
    categories += static_cast<std::size_t>(candidate.category_path_size());
  paths_.reserve(categories);  // so that spans of it stay
  for (std::size_t i = 0; i < count; ++i) {
    const pb::CandidateLog& scored = outcome.candidates(static_cast<int>(i));
    const pb::CandidateChoiceLog& candidate = log_->candidates(static_cast<int>(i));
    keys_.emplace_back(scored.item_key());
    scores_.push_back(scored.score());
    const auto dimension = static_cast<std::size_t>(candidate.kernel_size());
    if (dimension != 0 && dimension != features::kKernelDimension)
      return "a decision was logged with diversity vectors of another build";
    if (dimension != 0) {
      std::copy(candidate.kernel().begin(), candidate.kernel().end(), kernels_[i].begin());
      kernel_pointers_[i] = &kernels_[i];
    }
    const std::size_t first = paths_.size();
    for (const std::uint64_t key : candidate.category_path()) paths_.emplace_back(key);
    path_spans_[i] = std::span<const CategoryKey>(paths_).subspan(first);
    if (candidate.draws_size() != log_->candidates(0).draws_size()) return "a decision's log of its choice is broken";
    draws_.insert(draws_.end(), candidate.draws().begin(), candidate.draws().end());
    if (log_->has_widths()) widths_.push_back(candidate.width());
  }
  return {};
}

SlateInput LoggedChoice::input() const {
  return {.keys = keys_,
          .scores = scores_,
          .kernels = kernel_pointers_,
          .category_paths = path_spans_,
          .policy = &policy_,
          .slots = slots_,
          .explore = log_->explore(),
          .diversity = log_->diversity(),
          .slots_learned = log_->slots_learned(),
          .draws = draws_,
          .widths = widths_,
          .tastes = tastes_,
          .arms = arms_};
}

}  // namespace riffle::serving
