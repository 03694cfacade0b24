// Journal entries, decisions, outcomes and the other internal messages: what is taken has one
// encoding, and can be shown as JSON. The first byte chooses the message.
#include "input.h"
#include "records/json_text.h"
#include "records/list_encoder.h"
#include "records/json_codec.h"
#include "records/message_json.h"
#include "records/proto_codec.h"
#include "records/riffle.pb.h"

#include <cmath>

namespace {

using namespace riffle;

template <class Message>
Message run(std::string_view bytes) {
  Message message, back;
  if (!pb::decode(bytes, message).ok()) return {};
  std::string once, twice;
  pb::encode(message, once);
  RIFFLE_CHECK(pb::decode(once, back).ok());
  pb::encode(back, twice);
  RIFFLE_CHECK(twice == once);
  RIFFLE_CHECK(records::is_utf8(pb::to_json(message)));
  return message;
}

// A decision's list is read back as what was decided.
void publish(pb::Decision decision) {
  // Ids come from decoded records: never longer, never with a NUL.
  const auto not_an_id = [](std::string_view text) {
    return text.size() > records::Limits{}.id_bytes || text.find('\0') != std::string_view::npos;
  };
  if (decision.recommendation_id().empty() || decision.user_id().empty()) return;
  for (const std::string& id : {decision.recommendation_id(), decision.request_id(), decision.user_id(), decision.session_id(),
                                decision.surface(), decision.policy_id()})
    if (not_an_id(id)) return;
  for (const auto& slot : decision.slots())
    if (not_an_id(slot.item_id())) return;
  const auto probability = [](double p) { return p >= 0 && p <= 1 ? p : 0.5; };
  decision.set_slate_propensity(probability(decision.slate_propensity()));
  records::ListNotes notes;
  for (auto& slot : *decision.mutable_slots()) {
    if (slot.item_id().empty()) slot.set_item_id("i");
    slot.set_propensity(probability(slot.propensity()));
    if (!std::isfinite(slot.score())) slot.set_score(0);
    if (!std::isfinite(slot.gain())) slot.set_gain(0);
    notes.slots.push_back({"own", {{"viewed", slot.item_id(), "because you viewed it"}}});
  }
  if (!std::isfinite(decision.explore())) decision.set_explore(1);
  if (!std::isfinite(decision.diversity())) decision.set_diversity(0);
  decision.set_time_ms(1'700'000'000'000);
  std::string text;
  records::encode_list(decision, notes, text);
  const auto list = records::decode_recommendation(text);
  if (decision.policy_version() >> 63 != 0) return;  // beyond what JSON's readers take
  for (const auto& as_of : decision.as_of())
    if (as_of.offset() < 0) return;
  RIFFLE_CHECK(list.ok(), text, list.status().ToString());
  RIFFLE_CHECK(list->recommendation_id.str() == decision.recommendation_id());
  RIFFLE_CHECK(list->items.size() == static_cast<std::size_t>(decision.slots_size()));
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const auto& slot = decision.slots(static_cast<int>(i));
    RIFFLE_CHECK(list->items[i].item_id.str() == slot.item_id());
    RIFFLE_CHECK(list->items[i].propensity == slot.propensity());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const std::size_t kind = input.below(8);
  const std::string_view bytes = input.rest();
  switch (kind) {
    case 0: run<pb::EpochRecord>(bytes); break;
    case 1: publish(run<pb::Decision>(bytes)); break;
    case 2: run<pb::Outcome>(bytes); break;
    case 3: run<pb::JournalEntry>(bytes); break;
    case 4: run<pb::ItemStats>(bytes); break;
    case 5: run<pb::WaitingReward>(bytes), run<pb::Join>(bytes); break;
    case 6: run<pb::PolicyManifest>(bytes), run<pb::PolicyBlock>(bytes); break;
    default: run<pb::StoreHeader>(bytes), run<pb::InputPosition>(bytes), run<pb::ShardMeta>(bytes); break;
  }
  return 0;
}
