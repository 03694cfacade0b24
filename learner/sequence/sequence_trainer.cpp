#include "learner/sequence/sequence_trainer.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/errors.h"
#include "base/hash.h"
#include "learner/outcome_check.h"
#include "learner/q_learning/q_state.h"

namespace riffle::learner {
namespace {

using Shape = network::SequenceShape;

constexpr float kLargestGradient = 5;  // of the layers; steps of a sound stream stay below 1
constexpr std::array<std::string_view, 3> kKinds = {"mean", "gru", "attention"};  // by Shape::Kind

constexpr std::size_t kNumbersAPart = 1 << 16;  // of layers
constexpr std::size_t kChecksumBytes = 9;       // a tag and eight

// As the message's last field, behind these bytes of it.
std::string checksum_of(std::string_view bytes) {
  pb::SequenceState last;
  last.set_checksum(stable_hash(bytes));
  return last.SerializeAsString();
}

absl::StatusOr<std::vector<float>> numbers_of(const google::protobuf::RepeatedPtrField<std::string>& parts, std::size_t count) {
  std::vector<float> numbers;
  for (const std::string& part : parts) {
    const std::vector<float> more = floats_of(part);
    numbers.insert(numbers.end(), more.begin(), more.end());
  }
  if (numbers.size() != count || !all_finite(numbers))
    return absl::InvalidArgumentError("sequence state has not as many numbers as its layers take, or one that is not finite");
  return numbers;
}

// What is kept of the state before, at first, by gru: a mean over the last few; and how little else there is beside what each kind
// begins with.
constexpr float kKept = 1;       // σ(1) = .73
constexpr double kLittle = .1;

// All kinds begin as some mean of x: gru as one that fades, attention as `mean` does (no likeness counts, V is the identity, nothing is
// added): what they know beyond it they learn. Matrices that only learning makes use of are drawn by their inputs (Glorot & Bengio 2010).
std::vector<float> first_numbers(const Shape& shape, std::uint64_t seed) {
  std::vector<float> numbers(shape.parameters());
  Rng rng(seed);
  const auto draw = [&](std::size_t from, std::size_t count, double deviation) {
    for (std::size_t i = 0; i < count; ++i) numbers[from + i] = static_cast<float>(deviation * rng.normal());
  };
  const std::size_t d = shape.d();
  const double root = 1 / std::sqrt(static_cast<double>(d));
  draw(shape.types(), Shape::kTypes * d, kLittle * root);
  draw(shape.gaps(), Shape::kGaps * d, kLittle * root);
  const auto identity = [&](std::size_t from) {
    for (std::size_t i = 0; i < d; ++i) numbers[from + i * d + i] += 1;
  };
  if (shape.kind == Shape::kGru) {
    draw(shape.w_input(), 6 * d * d, kLittle * root);
    identity(shape.w_input() + 2 * d * d);
    std::fill_n(numbers.begin() + static_cast<std::ptrdiff_t>(shape.b_input() + d), d, kKept);
  }
  if (shape.kind == Shape::kAttention) {
    draw(shape.query(), d * d, root);
    identity(shape.value());
    draw(shape.w1(), shape.inner() * d, root);
  }
  return numbers;
}

absl::Status check(const SequenceOptions& o) {
  if (o.width < 4 || o.width > network::kWidestLayer || o.length < 1 || o.length > 1000)
    return absl::InvalidArgumentError(absl::StrCat("learner.sequence: width ", o.width, " (4 to ", network::kWidestLayer, "), length ",
                                                   o.length, " (1 to 1000)"));
  if (o.items < 1 || o.items > (1u << 24) || o.log < 2 || o.log > (1u << 30) || o.step_every < 1 || o.sequences < 1 || o.negatives < 2 ||
      o.admit_after < 1)
    return absl::InvalidArgumentError(
        "learner.sequence: items (to 2^24), log (2 to 2^30), step_every, sequences and admit_after are 1 or more, negatives 2 or more");
  if (!(o.new_weight > 0) || !std::isfinite(o.new_weight) || o.reach < 1)
    return absl::InvalidArgumentError("learner.sequence: new_weight is above 0, reach 1 or more");
  if (!(o.learning_rate >= 0) || !(o.row_learning_rate >= 0) || !std::isfinite(o.learning_rate) || !std::isfinite(o.row_learning_rate))
    return absl::InvalidArgumentError("learner.sequence: learning_rate and row_learning_rate are 0 or more");
  return absl::OkStatus();
}

}  // namespace

std::span<const std::string_view> sequence_kinds() { return kKinds; }

absl::StatusOr<Shape::Kind> sequence_kind(std::string_view name) {
  const auto at = std::find(kKinds.begin(), kKinds.end(), name);
  if (at == kKinds.end())
    return absl::InvalidArgumentError(absl::StrCat("there is no encoder \"", std::string(name), "\"; there are ", absl::StrJoin(std::vector<std::string>(kKinds.begin(), kKinds.end()), ", ")));
  return static_cast<Shape::Kind>(at - kKinds.begin());
}

network::SequenceSettings settings_of(Shape::Kind kind, const SequenceOptions& options) {
  return {.shape = {kind, static_cast<std::uint32_t>(options.width), static_cast<std::uint32_t>(options.length)},
          .learning_rate = static_cast<float>(options.learning_rate),
          .largest_gradient = kLargestGradient};
}

absl::StatusOr<std::unique_ptr<SequenceTrainer>> make_sequence_trainer(Shape::Kind kind, const SequenceOptions& options,
                                                                       const NetworkOptions& network) {
  RIFFLE_RETURN_IF_ERROR(check(options));
  RIFFLE_ASSIGN_OR_RETURN(auto made, open_network(absl::StrCat("sequence:", std::string(kKinds[kind])), settings_of(kind, options), network));
  return std::make_unique<SequenceTrainer>(kind, options, std::move(made));
}

SequenceTrainer::SequenceTrainer(Kind kind, const SequenceOptions& options, std::unique_ptr<Network> network)
    : options_(options),
      shape_(settings_of(kind, options).shape),
      network_(std::move(network)),
      tables_(options),
      log_(options.log) {
  std::vector<float> online = first_numbers(shape_, options.seed), first(online.size()), second(online.size());
  write(online, first, second, 0);
  encoder_ = std::make_unique<SequenceEncoder>(shape_, online);
}

void SequenceTrainer::write(std::vector<float>& online, std::vector<float>& first, std::vector<float>& second, std::uint64_t steps) {
  network_->write({online.data(), online.data(), first.data(), second.data(), steps});
}

void SequenceTrainer::renew_encoder() {
  const std::size_t count = shape_.parameters();
  std::vector<float> online(count), rest(3 * count);
  network::Numbers numbers{online.data(), rest.data(), rest.data() + count, rest.data() + 2 * count, 0};
  network_->read(numbers);
  encoder_ = std::make_unique<SequenceEncoder>(shape_, online);
}

void SequenceTrainer::take(std::uint64_t user, const SequenceEntry& entry, bool target, bool learn) {
  tables_.see(entry.item, entry.category, entry.time_ms);
  log_.add(user, entry, target);
  if (log_.end() - learned_to_ < options_.step_every) return;
  if (learn) return learn_new();
  left_out_ += log_.end() - learned_to_;
  learned_to_ = log_.end();
}

void SequenceTrainer::learn_new() {
  const std::uint64_t from = std::max(learned_to_, log_.begin());
  // Sequences that end with a user's newest interaction, or where the next one begins, until all that is new is in one.
  lasts_.clear();
  covered_.assign(log_.end() - from, false);
  for (std::uint64_t number = log_.end(); number-- > from;) {
    if (covered_[number - from]) continue;
    lasts_.push_back(number);
    log_.window(number, options_.length, window_);
    for (const std::uint64_t one : window_)
      if (one >= from) covered_[one - from] = true;
  }
  const std::uint64_t new_from = learned_to_;
  learned_to_ = log_.end();
  Rng rng(options_.seed ^ stable_hash({reinterpret_cast<const char*>(&tried_steps_), sizeof tried_steps_}));
  while (lasts_.size() % options_.sequences != 0) {
    const double back = rng.exponential() * static_cast<double>(options_.reach);
    const std::uint64_t oldest = log_.end() - 1 - log_.begin();
    lasts_.push_back(log_.end() - 1 - (back < static_cast<double>(oldest) ? static_cast<std::uint64_t>(back) : oldest));
  }
  const std::span<const std::uint64_t> all(lasts_);
  for (std::size_t at = 0; at < all.size(); at += options_.sequences) step(all.subspan(at, options_.sequences), new_from);
  renew_encoder();
}

void SequenceTrainer::step(std::span<const std::uint64_t> lasts, std::uint64_t new_from) {
  Rng rng(~options_.seed ^ stable_hash({reinterpret_cast<const char*>(&tried_steps_), sizeof tried_steps_}));
  ++tried_steps_;
  batch_.fill(log_, lasts, new_from, tables_, options_, rng);
  if (!batch_.has_targets()) return;
  const auto result = network_->step(batch_.view(), batch_.row_gradients());
  if (!result.ok()) {
    if (worth_a_line(++failed_)) log::error("sequence:{}: {} ({} so far)", kKinds[shape_.kind], result.status().ToString(), failed_);
    return;
  }
  if (!result->finite) {
    if (worth_a_line(++not_finite_))
      log::error("sequence:{}: a step's loss or gradient is not finite: it is left out ({} so far)", kKinds[shape_.kind], not_finite_);
    return;
  }
  last_loss_ = result->loss;
  batch_.learn_rows(tables_);
}

std::vector<TrainerIncident> SequenceTrainer::incidents() const { return {{"not_finite", not_finite_}, {"step_failed", failed_}}; }

std::size_t SequenceTrainer::memory_bytes() const {
  return tables_.memory_bytes() + log_.memory_bytes() + 5 * shape_.parameters() * sizeof(float);
}

void SequenceTrainer::save_parts(const std::function<void(const pb::SequenceState&)>& part) const {
  const std::size_t count = shape_.parameters();
  QNumbers numbers(count);
  network::Numbers to{numbers.online.data(), numbers.target.data(), numbers.first_moment.data(), numbers.second_moment.data(), 0};
  network_->read(to);
  pb::SequenceState state;
  state.set_kind(shape_.kind);
  state.set_width(shape_.width);
  state.set_length(shape_.length);
  state.set_steps(to.steps);
  state.set_tried_steps(tried_steps_);
  state.set_learned_to(learned_to_);
  state.set_left_out(left_out_);
  part(state);
  const auto layers = [&](const std::vector<float>& of, auto add) {
    for (std::size_t from = 0; from < count; from += kNumbersAPart) {
      state.Clear();
      add(state, bytes_of(std::span(of).subspan(from, std::min(kNumbersAPart, count - from))));
      part(state);
    }
  };
  layers(numbers.online, [](pb::SequenceState& of, std::string bytes) { of.add_online(std::move(bytes)); });
  layers(numbers.first_moment, [](pb::SequenceState& of, std::string bytes) { of.add_first_moment(std::move(bytes)); });
  layers(numbers.second_moment, [](pb::SequenceState& of, std::string bytes) { of.add_second_moment(std::move(bytes)); });
  tables_.save_parts(part);
  log_.save_parts([&](const pb::InteractionLogState& log) {
    state.Clear();
    *state.mutable_log() = log;
    part(state);
  });
}

std::string SequenceTrainer::save() const {
  std::string bytes;
  save_parts([&bytes](const pb::SequenceState& part) { part.AppendToString(&bytes); });
  return bytes + checksum_of(bytes);
}

absl::Status SequenceTrainer::load(std::string_view bytes) {
  const std::size_t whole = bytes.size() - std::min(bytes.size(), kChecksumBytes);
  if (bytes.substr(whole) != checksum_of(bytes.substr(0, whole)))
    return absl::InvalidArgumentError("sequence state is not what its checksum says: cut short, or changed");
  pb::SequenceState state;
  if (!state.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return absl::InvalidArgumentError("sequence state is not a SequenceState message, or cut short");
  return load(state);
}

absl::StatusOr<std::vector<float>> layers_of(const pb::SequenceState& state, const Shape& shape) {
  const Shape of{static_cast<Shape::Kind>(state.kind()), state.width(), state.length()};
  if (of != shape)
    return absl::FailedPreconditionError(absl::StrCat("sequence state of kind ", state.kind(), ", width ", state.width(), ", length ",
                                                      state.length(), "; the configuration has ", shape.kind, ", ", shape.width, ", ",
                                                      shape.length));
  return numbers_of(state.online(), shape.parameters());
}

absl::Status SequenceTrainer::load(const pb::SequenceState& state) {
  RIFFLE_ASSIGN_OR_RETURN(std::vector<float> online, layers_of(state, shape_));
  RIFFLE_ASSIGN_OR_RETURN(std::vector<float> first, numbers_of(state.first_moment(), online.size()));
  RIFFLE_ASSIGN_OR_RETURN(std::vector<float> second, numbers_of(state.second_moment(), online.size()));
  SequenceTables tables(options_);
  InteractionLog log(options_.log);
  RIFFLE_RETURN_IF_ERROR(tables.load(state));
  RIFFLE_RETURN_IF_ERROR(log.load(state.log()));
  if (state.learned_to() > log.end()) return absl::InvalidArgumentError("sequence state has learned more than its log ever held");
  tables_ = std::move(tables);
  log_ = std::move(log);
  tried_steps_ = state.tried_steps();
  learned_to_ = state.learned_to();
  left_out_ = state.left_out();
  write(online, first, second, state.steps());
  encoder_ = std::make_unique<SequenceEncoder>(shape_, online);
  return absl::OkStatus();
}

}  // namespace riffle::learner
