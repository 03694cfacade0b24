// Writes the inputs to begin with that are not text: seeds DIRECTORY makes DIRECTORY/<subject>/<name>.
#include <filesystem>
#include <fstream>
#include <limits>

#include "base/rng.h"
#include "bus/segment_format.h"
#include "features/feature_vector.h"
#include "learner/diversity_weights.h"
#include "learner/sequence/interaction_log.h"
#include "learner/sequence/sequence_tables.h"
#include "learner/trainer.h"
#include "records/riffle.pb.h"
#include "records/rows.h"

namespace {

using namespace riffle;

std::filesystem::path root;

void write(const std::string& subject, const std::string& name, const std::string& bytes) {
  std::filesystem::create_directories(root / subject);
  std::ofstream(root / subject / name, std::ios::binary) << bytes;
}

void rows() {
  constexpr auto kLongest = std::numeric_limits<std::int64_t>::min();
  std::string bytes;
  records::UserRow user;
  user.history = {{ItemKey(7), 1'700'000'000'000, records::InteractionType::kClick, 1, 2}, {}};
  user.impressions = {{ItemKey(7), kLongest}, {ItemKey(8), 3}};
  user.counts[2] = ~std::uint64_t{0};
  user.activity = {0.5, kLongest};
  user.seen_events = {1, 2};
  user.session_id.assign("s1");
  user.first_ms = user.last_ms = user.session_start_ms = 1'700'000'000'000;
  user.impression_count = 2;
  encode(user, bytes);
  write("rows", "user", bytes);
  records::ItemRow item;
  item.item_id.assign("i1");
  item.counts.fill(~std::uint64_t{0});
  item.popularity = item.trend = item.recent_clicks = item.recent_impressions = item.recent_expected = {0.5, kLongest};
  item.first_ms = item.last_ms = item.neighbour_reference_ms = kLongest;
  item.neighbour_total = 2;
  item.together = {{ItemKey(2), 1}, {ItemKey(9), 0.5F}};
  item.next = {{ItemKey(3), 1}};
  encode(item, bytes);
  write("rows", "item", bytes);
}

void segment() {
  std::string file = bus::encode_segment_header(Offset(5));
  write("segment", "empty", file);
  bus::append_frame(file, Offset(5), from_ms(1000), {.key = "key", .value = "value", .headers = {{"name", "v"}, {"", ""}}});
  bus::append_frame(file, Offset(7), from_ms(-1), {.key = "key"});
  bus::append_frame(file, Offset(8), from_ms(1001), {.value = ""});
  write("segment", "three", file);
  write("segment", "torn", file.substr(0, file.size() - 3));
}

pb::Outcome outcome() {
  pb::Outcome outcome;
  outcome.set_recommendation_id("r1");
  outcome.set_user_id("u1");
  outcome.set_segment("s");
  outcome.set_decision_ms(1'700'000'000'000);
  outcome.set_feature_fingerprint(features::feature_fingerprint());
  outcome.add_candidate_categories(1);
  for (int k = 0; k < 2; ++k) {
    auto& slot = *outcome.add_slots();
    slot.set_category_key(1);
    slot.set_reward(k);
    slot.set_exposed(true);
    slot.set_newly_exposed(true);
    for (std::size_t i = 0; i < features::kFeatureCount; ++i) slot.add_features(i % 2 == 0 ? 0.5F : -0.25F);
  }
  return outcome;
}

// The first byte of messages_fuzz's input chooses the message.
void message(char kind, const std::string& name, const google::protobuf::MessageLite& message) {
  write("messages", name, kind + message.SerializeAsString());
}

void messages() {
  pb::JournalEntry entry;
  entry.set_number(3);
  auto& run = *entry.add_runs();
  run.set_input(1), run.set_from(4), run.set_to(9);
  entry.set_tick_ms(1'700'000'000'000);
  entry.add_adopted()->set_policy_id("linear");
  entry.add_pins()->set_recommendation_id("r1");
  entry.add_pins()->set_refusal_code("bad_field");
  message(3, "journal", entry);
  pb::EpochRecord epoch;
  epoch.set_sequence(1);
  *epoch.add_entries() = entry;
  message(0, "epoch", epoch);
  pb::Decision decision;
  decision.set_recommendation_id("r1");
  decision.set_request_id("q1");
  decision.set_user_id("u1");
  decision.set_policy_id("linear");
  decision.set_slate_propensity(0.5);
  decision.add_degraded("deadline");
  auto& as_of = *decision.add_as_of();
  as_of.set_input("events"), as_of.set_offset(12);
  auto& slot = *decision.add_slots();
  slot.set_item_id("i1"), slot.set_propensity(0.25), slot.set_score(1.5F), slot.set_gain(1);
  slot.add_features(1), slot.add_sources()->set_score(1);
  decision.add_candidates()->add_features(2);
  decision.set_list("{}");
  message(1, "decision", decision);
  message(2, "outcome", outcome());
  pb::ItemStats stats;
  stats.set_generation(1);
  stats.mutable_row()->set_item_id("i1");
  stats.mutable_row()->add_together()->set_weight(1);
  message(4, "item_stats", stats);
  pb::WaitingReward waiting;
  waiting.set_recommendation_id("r1"), waiting.set_reward(1), waiting.set_position(-1);
  message(5, "waiting", waiting);
  pb::PolicyManifest manifest;
  manifest.set_policy_id("linear"), manifest.add_blocks(7), manifest.add_outcomes()->set_offset(3);
  message(6, "manifest", manifest);
  pb::StoreHeader header;
  header.set_cluster_id("c"), header.set_partitions(4);
  message(7, "header", header);
}

void policies() {
  for (const char* name : {"linear", "q_table"}) {
    const auto trainer = learner::make_trainer(name, {});
    (*trainer)->learn(outcome());
    write("policy", name, '\1' + (*trainer)->save());
  }
  for (const char* kind : {"bandit", "target"}) {
    const auto trainer = learner::make_weight_trainer({.kind = kind, .grid = {0, 0.3}});
    pb::Outcome list = outcome();
    pb::LearnedWeight& learned = *list.mutable_learned_weight();
    for (const double weight : {0.0, 0.3}) {
      if (weight > 0 && kind == std::string("target")) break;
      learned.add_weights(weight), learned.add_log_slates(-1);
      learned.add_probabilities(kind == std::string("target") ? 1 : 0.5);
    }
    learned.set_distance(0.5);
    (*trainer)->learn(list);
    write("policy", kind, '\1' + (*trainer)->save());
  }
  Rng rng(1);
  for (const char* subject : {"policy", "outcomes"})
    for (int seed = 0; seed < 8; ++seed) {
      std::string bytes(seed == 0 ? 1 : 200 + rng.below(800), '\0');
      for (char& byte : bytes) byte = static_cast<char>(rng.below(256));
      if (subject == std::string("policy")) bytes.front() = 0;
      write(subject, "random" + std::to_string(seed), bytes);
    }
}

void sequence() {
  learner::SequenceOptions options;
  options.width = 2;
  options.items = 8;
  options.admit_after = 2;
  learner::SequenceTables tables(options);
  learner::InteractionLog log(6);
  for (std::uint64_t i = 0; i < 12; ++i) {
    const learner::SequenceEntry entry{ItemKey(i % 5), CategoryKey(i % 2), static_cast<std::int64_t>(i), records::InteractionType::kClick};
    tables.see(entry.item, entry.category, entry.time_ms);
    log.add(i % 3, entry, i % 4 != 0);
    if (i != 3 && i != 11) continue;
    pb::SequenceState state;
    tables.save(state);
    log.save(*state.mutable_log());
    write("sequence", i == 3 ? "young" : "full", state.SerializeAsString());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 64;
  root = argv[1];
  rows();
  segment();
  messages();
  policies();
  sequence();
}
