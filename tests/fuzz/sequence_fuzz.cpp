// A sequence trainer's state of any content, behind its checksum: what is taken is what is saved again, and it can be learned on with.
#include <cmath>
#include <vector>

#include "input.h"
#include "learner/sequence/interaction_log.h"
#include "learner/sequence/sequence_tables.h"

namespace {

using namespace riffle;

learner::SequenceOptions small() {
  learner::SequenceOptions options;
  options.width = 2;
  options.items = 8;
  options.log = 6;
  options.admit_after = 2;
  return options;
}

// `again`: an empty one.
template <class State, class Kept>
void check_saved(const Kept& kept, Kept again) {
  State saved, saved_again;
  kept.save(saved);
  const absl::Status loaded = again.load(saved);
  RIFFLE_CHECK(loaded.ok(), loaded.ToString());
  again.save(saved_again);
  RIFFLE_CHECK(saved.SerializeAsString() == saved_again.SerializeAsString());
}

void check_tables(const pb::SequenceState& state) {
  learner::SequenceTables tables(small());
  if (!tables.load(state).ok()) return;
  check_saved<pb::SequenceState>(tables, learner::SequenceTables(small()));
  std::vector<float> row(small().width);
  for (std::uint64_t item = 1; item < 12; ++item) {
    tables.see(ItemKey(item), CategoryKey(item % 3), 1000 + static_cast<std::int64_t>(item));
    tables.input(ItemKey(item), CategoryKey(item % 3), row);
    tables.output(ItemKey(item), CategoryKey(item % 3), row);
  }
}

void check_log(const pb::InteractionLogState& state) {
  learner::InteractionLog log(small().log);
  if (!log.load(state).ok()) return;
  check_saved<pb::InteractionLogState>(log, learner::InteractionLog(small().log));
  std::vector<std::uint64_t> window;
  for (std::uint64_t user = 0; user < 9; ++user) {
    const std::uint64_t last = log.add(user % 4, {ItemKey(user), CategoryKey(0), 1, records::InteractionType::kClick}, user % 2 == 0);
    log.window(last, 5, window);
    RIFFLE_CHECK(!window.empty() && window.back() == last);
    for (const std::uint64_t number : window) RIFFLE_CHECK(log.holds(number) && log.at(number).user == user % 4);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  pb::SequenceState state;
  if (!state.ParseFromArray(data, static_cast<int>(size))) return 0;
  check_tables(state);
  check_log(state.log());
  return 0;
}
