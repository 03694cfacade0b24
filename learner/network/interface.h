// What the network module (libriffle_network.so) offers: training networks on a device, and nothing else. Only plain
// numbers cross, so the module may be built with another compiler and against any LibTorch: it is loaded when a
// configuration first asks for a network (learner/network_module.h), and whoever asks for none needs no LibTorch.
//
// Errors come back as text; a module throws nothing. A network is used by one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>

#include "learner/network/multi_task_shape.h"
#include "learner/network/sequence_shape.h"
#include "learner/network/shape.h"

namespace riffle::learner::network {

// Raised with every change of what follows: a module and a riffle with different ones refuse each other.
constexpr std::uint32_t kInterfaceVersion = 5;

struct Settings {
  Shape shape;
  bool double_q = true;          // the online network picks the next action, the target network values it
  float learning_rate = 0;       // of Adam (Kingma & Ba 2015; β₁ = .9, β₂ = .999, ε = 1e-8)
  float target_rate = 0;         // τ: θ⁻ ← θ⁻ + τ (θ − θ⁻) after every step (Lillicrap et al. 2016)
  float huber = 0;               // |δ| from where the loss grows linearly
  float largest_gradient = 0;    // its norm is cut off here
  float conservative = 0;        // α of CQL(H) (Kumar et al. 2020): + α (log Σ_a exp Q(s,a) − mean over what was shown Q(s,a))
};

// One training step's decisions. Rows are shape.inputs floats; arrays of arrays are padded to the same length.
//
//   y = row_return + discount · Q⁻(s′, argmax_a′ Q(s′,a′))      loss = mean of row_weight · huber(Q(s,a) − y)
struct Batch {
  std::uint32_t decisions = 0;
  std::uint32_t rows = 0;                     // slots to learn from, of all decisions
  std::uint32_t pool = 0;                     // candidates of a decision, padded; 0: neither duelling nor conservative
  std::uint32_t next = 0;                     // actions of a next decision, padded; 0: none has one
  const float* row_features = nullptr;        // rows
  const std::int64_t* row_decision = nullptr; // index of the row's decision
  const float* row_return = nullptr;          // discounted rewards until the bootstrap
  const float* row_weight = nullptr;
  const float* pool_features = nullptr;       // decisions × pool
  const float* pool_count = nullptr;          // of a decision, from 1
  const float* next_features = nullptr;       // decisions × next; the pooled ones first
  const float* next_count = nullptr;          // of a decision; 0: no bootstrap
  const float* next_pool_count = nullptr;     // of those, that its V and its mean A are taken over; from 1 where there are any
  const float* discount = nullptr;            // of a decision
};

struct SlateSettings {
  SlateShape shape;
  enum Target : std::uint32_t { kSarsa, kTopK, kGreedy } target = kSarsa;  // the list that a value is bootstrapped on
  float learning_rate = 0;       // as Settings
  float target_rate = 0;
  float huber = 0;
  float largest_gradient = 0;
  float advantage_decay = 0;     // of A's weights on features, times learning_rate a step (Loshchilov & Hutter 2019)
};

// One training step's decisions for a SlateQ network: rows of shape.inputs floats, padded likewise; of every list the first row is ⊥.
//
//   y = row_return + discount · Σ_{j∈A′∪{⊥}} P(j|s′,A′) Q̄⁻_j
//   loss = (Σ weight · −Σ_j chosen_j ln P(j|s,A)  +  Σ row_weight · huber(Q̄ − y)) / decisions
//
// A′: sarsa, the next rows at their positions; top_k, greedy: next_length of them, picked by the online network, in its order.
struct SlateBatch {
  std::uint32_t decisions = 0;
  std::uint32_t slots = 0;                       // of a list, padded
  std::uint32_t rows = 0;                        // choices to learn the worth of, of all decisions
  std::uint32_t next = 0;                        // actions of a next decision, padded; 0: none has one
  const float* shown = nullptr;                  // decisions × (1 + slots)
  const std::int64_t* shown_position = nullptr;  // decisions × slots, below kPositions
  const float* shown_count = nullptr;            // of a decision, ⊥ left out
  const float* chosen = nullptr;                 // decisions × (1 + slots): shares of the choice, together 1
  const float* weight = nullptr;                 // of a decision
  const float* row_features = nullptr;           // rows
  const std::int64_t* row_decision = nullptr;
  const float* row_return = nullptr;             // discounted rewards until the bootstrap
  const float* row_weight = nullptr;
  const float* next_features = nullptr;          // decisions × (1 + next)
  const std::int64_t* next_position = nullptr;   // decisions × next; of sarsa
  const float* next_count = nullptr;             // of a decision, ⊥ left out; 0: no bootstrap
  const float* next_length = nullptr;            // of a decision; of top_k and greedy
  const float* discount = nullptr;               // of a decision
};

struct SequenceSettings {
  SequenceShape shape;
  float learning_rate = 0;       // of Adam, as Settings
  float largest_gradient = 0;
};

// One training step of an encoder: what followed each of some interactions, against what else might have.
//
//   s_pj = state_p · (e(item_j) + o(item_j) + o(category_j))           e: input rows, as in x; o: output rows
//   loss = weighted mean over p of  −s_pt + ln (exp s_pt + Σ_{j≠t} exp(s_pj + log_weight_j)),   t: p's target
//
// With log weights of 0 and every item a candidate that is the softmax over all. With candidates drawn, a weight is the number of times
// that one was drawn over how often it was to be expected (logQ correction: Bengio & Senécal 2008, Yi et al. 2019): the sum is then
// right on average, whatever they were drawn by. A target that was not drawn is among the candidates with a log weight of −∞.
//
// Sequences are padded at their ends; padded places have row 0 and are nobody's target place.
struct SequenceBatch {
  std::uint32_t sequences = 0;
  std::uint32_t length = 0;                       // tokens of a sequence, padded
  std::uint32_t rows = 0;                         // of tables, each once; row 0 is none: zeros, whose gradient means nothing
  std::uint32_t targets = 0;
  std::uint32_t candidates = 0;
  const float* row_numbers = nullptr;             // rows × width
  const std::int64_t* item_row = nullptr;         // sequences × length
  const std::int64_t* category_row = nullptr;     // sequences × length
  const std::int64_t* type = nullptr;             // sequences × length
  const std::int64_t* gap = nullptr;              // sequences × length
  const std::int64_t* age = nullptr;              // sequences × length (asked) × length (of); gru reads its diagonal alone
  const std::int64_t* target_place = nullptr;     // of a target: sequence · length + token after which it came
  const std::int64_t* target = nullptr;           // of a target: its place among the candidates
  const float* target_weight = nullptr;           // of a target; above 0
  const std::int64_t* candidate_input = nullptr;      // rows: e(item), o(item) and o(category)
  const std::int64_t* candidate_output = nullptr;
  const std::int64_t* candidate_category = nullptr;
  const float* candidate_log_weight = nullptr;
};

struct MultiTaskSettings {
  MultiTaskShape shape;
  float learning_rate = 0;       // as Settings
  float target_rate = 0;
  float huber = 0;               // of the head `other`
  float largest_gradient = 0;
};

// One training step of a multi-task network, y a label and p what its head says of it:
//
//   loss = mean over rows of row_weight · Σ_heads (other: huber(p − y), else −y ln p − (1 − y) ln(1 − p))
struct MultiTaskBatch {
  std::uint32_t rows = 0;
  const float* row_features = nullptr;        // rows of shape.inputs floats
  const float* row_weight = nullptr;
  const float* labels = nullptr;              // rows × the heads that there are, in [0, 1] but for other's
};

struct StepResult {
  float loss = 0;
  // max |Q| over the rows; of a sequence network max |s| over the targets, of a multi-task network max |p| of `other`
  float largest_score = 0;
  bool finite = false;      // false: loss or gradient was not, and nothing was changed
};

// A network's numbers, each shape.parameters() floats.
struct Numbers {
  float* online = nullptr;
  float* target = nullptr;
  float* first_moment = nullptr;   // Adam's
  float* second_moment = nullptr;
  std::uint64_t steps = 0;         // taken so far
};

struct Interface {
  std::uint32_t version = 0;       // kInterfaceVersion
  // As "LibTorch 1.13.0".
  const char* (*library)();
  // `device`: auto | cpu | cuda. Null: `error` says why. Numbers are to be written before the first step.
  void* (*make)(const Settings&, const char* device, char* error, std::size_t error_bytes);
  void (*release)(void* network);
  const char* (*device)(void* network);  // cpu or cuda
  void (*read)(void* network, Numbers& to);
  void (*write)(void* network, const Numbers& from);
  // The same of a SlateQ network; read, write, device and release are for both kinds.
  void* (*make_slate)(const SlateSettings&, const char* device, char* error, std::size_t error_bytes);
  bool (*step_slate)(void* network, const SlateBatch&, float* td_errors, StepResult&, char* error, std::size_t error_bytes);
  // A sequence network has no target network: `target` of its Numbers is what `online` is.
  void* (*make_sequence)(const SequenceSettings&, const char* device, char* error, std::size_t error_bytes);
  // `row_gradients`: rows × width.
  bool (*step_sequence)(void* network, const SequenceBatch&, float* row_gradients, StepResult&, char* error, std::size_t error_bytes);
  // The same of a multi-task network. `errors`: Σ_heads |p − y| of each row, before the step.
  void* (*make_multi_task)(const MultiTaskSettings&, const char* device, char* error, std::size_t error_bytes);
  bool (*step_multi_task)(void* network, const MultiTaskBatch&, float* errors, StepResult&, char* error,
                          std::size_t error_bytes);
  // `td_errors`: Q(s,a) − y of each row, before the step. False: `error` says why, and nothing was changed.
  bool (*step)(void* network, const Batch&, float* td_errors, StepResult&, char* error, std::size_t error_bytes);
};

constexpr const char* kEntry = "riffle_network_interface";  // const Interface* ()

}  // namespace riffle::learner::network
