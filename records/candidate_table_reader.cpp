// The other direction of records/candidate_table.cpp.
#include <bit>

#include "absl/strings/str_cat.h"
#include "records/candidate_table.h"
#include "records/wire.h"

namespace riffle::records {
namespace {

constexpr char kVersion = 1;

absl::Status damaged(std::string_view what) {
  return absl::DataLossError(
      absl::StrCat("a decision's table of candidates is damaged: ", std::string(what)));
}

// What stands at a table's head. Counts are believed only as far as there are bytes for them.
struct Head {
  std::uint64_t keys = 0, categories = 0, evidence = 0, slots = 0, logged = 0, features = 0;
  std::uint64_t rows() const { return slots + logged; }

  Head() = default;
  explicit Head(WireReader& in) {
    if (in.raw<char>() != kVersion) in.fail();
    for (std::uint64_t* count : {&keys, &categories, &evidence, &slots, &logged, &features}) {
      *count = in.varint();
      if (*count > in.left() && (count != &features || rows() > 0)) in.fail();
    }
    if (rows() == 0) features = 0;  // nothing is written of them
    if (!in.ok()) *this = Head();
  }
};

bool is_set(std::string_view mask, std::size_t bit) {
  return (static_cast<unsigned char>(mask[bit / 8]) >> bit % 8 & 1) != 0;
}

// The rows' features, one row after the other.
class FeatureReader {
 public:
  FeatureReader(const Head& head, WireReader& in) : in_(in), bytes_((head.features + 7) / 8) {
    if (head.rows() == 0) return;
    differs_ = in.block(bytes_);
    if (!in.ok()) return;
    constants_.resize(head.features);
    for (std::size_t i = 0; i < constants_.size(); ++i)
      if (!is_set(differs_, i)) constants_[i] = in.raw<float>();
  }

  template <class Features>
  void read(Features& out) {
    const std::string_view mask = in_.block(bytes_);
    if (!in_.ok()) return;
    out.Resize(static_cast<int>(constants_.size()), 0);
    float* const row = out.mutable_data();
    for (std::size_t i = 0; i < constants_.size(); ++i)
      row[i] = is_set(mask, i) ? in_.raw<float>() : is_set(differs_, i) ? 0 : constants_[i];
  }

 private:
  WireReader& in_;
  std::size_t bytes_;
  std::string_view differs_;
  std::vector<float> constants_;
};

// `add` answers where a mark goes; null: nowhere.
template <class Add>
void read_marks(WireReader& in, const std::vector<std::uint64_t>& evidence, Add&& add) {
  for (auto marks = in.raw<std::uint8_t>(); marks > 0 && in.ok(); --marks) {
    const auto source = in.raw<std::uint8_t>();
    const auto score = in.raw<float>();
    const std::uint64_t number = in.varint();
    if (number > evidence.size()) return in.fail();
    pb::SourceScore* const mark = add();
    if (!mark) continue;
    mark->set_source(source);
    mark->set_score(score);
    mark->set_evidence_item_key(number == 0 ? 0 : evidence[number - 1]);
  }
}

pb::SourceScore* add_source(pb::Slot& slot) { return slot.add_sources(); }
pb::SourceScore* add_source(pb::OutcomeSlot& /*no learner asks*/) { return nullptr; }

template <class Message>
absl::Status spread(Message& message) {
  if (message.candidate_table().empty()) return absl::OkStatus();
  const std::string table = std::move(*message.mutable_candidate_table());
  message.clear_candidate_table();
  WireReader in(table);
  const Head head(in);
  if (!in.ok() || head.slots != static_cast<std::uint64_t>(message.slots_size()))
    return damaged("its head");
  message.clear_candidate_keys(), message.clear_candidate_categories(), message.clear_candidates();
  std::vector<std::uint64_t> evidence;
  for (std::uint64_t i = 0; i < head.keys && in.ok(); ++i)
    message.add_candidate_keys(in.raw<std::uint64_t>());
  for (std::uint64_t i = 0; i < head.categories && in.ok(); ++i)
    message.add_candidate_categories(in.raw<std::uint64_t>());
  for (std::uint64_t i = 0; i < head.evidence && in.ok(); ++i)
    evidence.push_back(in.raw<std::uint64_t>());
  for (std::uint64_t i = 0; i < head.logged && in.ok(); ++i) {
    const std::uint64_t place = in.varint(), category = in.varint();
    if (!in.ok() || place >= head.keys || category >= head.categories)
      return damaged("a candidate's place");
    pb::CandidateLog& candidate = *message.add_candidates();
    candidate.set_item_key(message.candidate_keys(static_cast<int>(place)));
    candidate.set_category_key(message.candidate_categories(static_cast<int>(category)));
    candidate.set_score(in.raw<float>());
  }
  for (auto& slot : *message.mutable_slots())
    read_marks(in, evidence, [&] { return add_source(slot); });
  for (auto& candidate : *message.mutable_candidates())
    read_marks(in, evidence, [&] { return candidate.add_sources(); });
  FeatureReader features(head, in);
  for (auto& slot : *message.mutable_slots()) features.read(*slot.mutable_features());
  for (auto& candidate : *message.mutable_candidates())
    features.read(*candidate.mutable_features());
  if (!in.ok()) return damaged("it ends too early");
  const std::string_view choice = in.block(in.left());
  if (!choice.empty() &&
      !message.mutable_choice()->ParseFromArray(choice.data(), static_cast<int>(choice.size())))
    return damaged("what its choice depended on");
  return absl::OkStatus();
}

}  // namespace

absl::Status spread_candidates(pb::Decision& decision) { return spread(decision); }
absl::Status spread_candidates(pb::Outcome& outcome) { return spread(outcome); }

absl::Status spread_slots(pb::Outcome& outcome) {
  if (outcome.candidate_table().empty()) return absl::OkStatus();
  WireReader in(outcome.candidate_table());
  const Head head(in);
  if (!in.ok() || head.slots != static_cast<std::uint64_t>(outcome.slots_size()))
    return damaged("its head");
  in.block(sizeof(std::uint64_t) * (head.keys + head.categories + head.evidence));
  for (std::uint64_t i = 0; i < head.logged && in.ok(); ++i)
    in.varint(), in.varint(), in.raw<float>();
  const std::vector<std::uint64_t> evidence(head.evidence);
  for (std::uint64_t i = 0; i < head.rows() && in.ok(); ++i)
    read_marks(in, evidence, [] { return static_cast<pb::SourceScore*>(nullptr); });
  FeatureReader features(head, in);
  for (pb::OutcomeSlot& slot : *outcome.mutable_slots()) features.read(*slot.mutable_features());
  return in.ok() ? absl::OkStatus() : damaged("it ends too early");
}

}  // namespace riffle::records
