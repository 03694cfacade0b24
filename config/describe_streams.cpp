#include <string>
#include <utility>

#include "config/describe.h"

namespace riffle::config {
namespace {

void describe_local(Fields& f, bus::LocalBusOptions& o) {
  f.text("directory", o.directory, "Where the segments lie; empty: in memory, and gone with the process.");
  f.bytes("segment_bytes", o.segment_bytes,
          "A segment is sealed at this size; retention and compaction work on whole sealed segments.", 4096);
  f.duration("segment_age", o.segment_age, "... or at this age.", Milliseconds(1));
  f.flag("fsync", o.fsync,
         "true: a record is visible once it is on the disk. false: once it is written, which survives the process's "
         "death but not the machine's.");
  f.duration("commit_interval", o.commit_interval,
             "Least time between two syncs: more of it gives more records a sync, and more latency.");
  f.duration_or_forever("retention", o.retention, "Of topics that do not say.");
}

void describe_topics(Fields& f, bus::TopicsOptions& o) {
  f.text("prefix", o.prefix, "Before every topic's name: one namespace a tenant.");
  f.whole("partitions", o.partitions,
          "Of the topics that belong to shards: one shard each. It cannot be changed later.", 1, 10000);
  f.whole("items_partitions", o.items_partitions, "Of `items`, which every worker reads in full.", 1, 10000);
  f.whole("replication_factor", o.replication_factor, "Copies the cluster keeps; 3 on three brokers or more.", 1, 100);
  const auto retention = [&f](std::string_view name, Milliseconds& value, std::string_view doc) {
    std::optional<Milliseconds> finite;
    if (value >= Milliseconds(0)) finite = value;
    f.duration_or_forever(name, finite, doc);
    value = finite.value_or(Milliseconds(-1));
  };
  retention("retention", o.retention, "Of the topics that are not compacted. A replay needs them from the first record on.");
  retention("epochs_retention", o.epochs_retention,
            "Of `epochs`, the journal: small, and without its first record nothing can be replayed.");
  f.bytes("max_message_bytes", o.max_message_bytes,
          "The longest record the topics take. Lists with their reasons and policy blocks need about 1 MiB at most.",
          1 << 20);
}

void describe_limits(Fields& f, records::Limits& o) {
  f.bytes("record_bytes", o.record_bytes, "The longest record.");
  f.bytes("id_bytes", o.id_bytes, "The longest id.");
  f.whole("fields", o.fields, "Members of a record beyond the known ones.");
  f.whole("list_items", o.list_items, "The longest list: n, exclude_items, an impression's items.", 1);
  f.whole("candidates", o.candidates, "The most that a request may bring.", 1, 20000);
}

void describe_ingest(Fields& f, ingest::AdmissionOptions& o) {
  f.section("limits", "Records beyond a limit become dead letters.",
            [&](Fields& inner) { describe_limits(inner, o.limits); });
  f.duration("lateness", o.lateness, "An event older than the newest one of its shard by more is a dead letter.",
             Milliseconds(1));
  f.duration("future_tolerance", o.future_tolerance,
             "An event dated later than its record was written by more is a dead letter.");
  using Setting = ingest::PartitionerSetting;
  f.one_of("partitioner", o.partitioner,
           {{"auto", Setting::kAuto}, {"murmur2", Setting::kMurmur2}, {"crc32", Setting::kCrc32}},
           "How your producers spread keys: murmur2 (Java clients), crc32 (librdkafka's: kcat, Python, Go, .NET), or "
           "auto: the first record that only one of the two explains decides.");
}

void describe_type(Fields& f, features::TypeOptions& o) {
  f.real("weight", o.weight, "To popularity, affinity and neighbours.", -1e6, 1e6);
  f.real("reward", o.reward, "To the slot of the list that it follows.", -1e6, 1e6);
  f.duration("reward_window", o.reward_window, "From the list's time; later ones earn it nothing.");
}

void describe_rows(Fields& f, features::RowOptions& o) {
  f.whole("history_length", o.history_length, "Interactions kept a user.", 1, 100000);
  f.whole("impressions_length", o.impressions_length, "Shown items kept a user.", 0, 100000);
  f.whole("dedup_length", o.dedup_length, "Event ids remembered a user, so that a repeated event counts once.", 0, 100000);
  f.duration("slow_half_life", o.slow_half_life, "Of counts that say what is liked in the long run; 0s: never forget.");
  f.duration("fast_half_life", o.fast_half_life, "Of counts that say what is liked now; 0s: never forget.");
  f.duration("neighbour_half_life", o.neighbour_half_life, "Of what is seen together or next; 0s: never forget.");
  f.whole("neighbours", o.neighbours, "Kept an item and kind.", 1, 10000);
  f.whole("together_window", o.together_window, "Together: with the user's last so many items.", 0, 1000);
  f.whole("next_window", o.next_window, "Next: follows the last so many items, weighted by 1/distance.", 0, 1000);
  f.duration("session_gap", o.session_gap, "A longer silence ends a session that has no session_id.", Milliseconds(1));
  f.named<features::TypeOptions>(
      "types", o.types,
      "What an interaction is worth, by its type. Further names may be added; a type that is not here is taken and worth "
      "nothing.",
      [](const features::TypeOptions& type) { return type.name; },
      [](const std::string& name) {
        features::TypeOptions type;
        type.name = name;
        return type;
      },
      describe_type);
}

void describe_reward(Fields& f, features::RewardOptions& o) {
  using Aggregate = features::RewardOptions::Aggregate;
  f.one_of("aggregate", o.aggregate,
           {{"sum", Aggregate::kSum}, {"first", Aggregate::kFirst}, {"last", Aggregate::kLast}, {"max", Aggregate::kMax}},
           "What several rewards of a slot come to (rows.types.NAME.reward).");
  f.real("relevance", o.relevance, "What they count for.", 0, 1e6);
  f.real("diversity", o.diversity,
         "For a slot that was seen: 1 where nothing above it is like its item, 0 where its twin is.", -1e6, 1e6);
  f.real("novelty", o.novelty, "For a slot that was seen: 1 where nobody has taken its item, 0 where most have.", -1e6, 1e6);
  f.real("comeback", o.comeback,
         "For each seen slot of the user's last list, where his next one comes between comeback_after and comeback_within "
         "later. It fades with the time between.", -1e6, 1e6);
  f.duration("comeback_after", o.comeback_after, "A shorter silence is no coming back.", Milliseconds(1));
  f.duration("comeback_within", o.comeback_within, "A longer one, neither. With a comeback, outcomes stay open for so long.",
             Milliseconds(1));
  f.duration("comeback_half_life", o.comeback_half_life, "Of what coming back is worth; 0s: the same, however late.");
}

void describe_join(Fields& f, features::JoinOptions& o) {
  f.whole("open_decisions_per_user", o.open_decisions_per_user, "Beyond it the oldest closes early.", 1, 100000);
  f.whole("waiting_rewards", o.waiting_rewards,
          "Rewards of a shard that wait for their decision; beyond it the oldest goes to the user's last list.");
  f.duration("last_touch_window", o.last_touch_window,
             "A reward without a recommendation_id goes to the user's last list with the item, if it is not older.");
  f.texts("impression_surfaces", o.impression_surfaces,
          "Surfaces that send impressions. On the others every slot counts as seen once the list is made.");
}

}  // namespace

void describe_streams(Fields& f, Config& config) {
  f.properties("kafka", config.kafka,
               "Handed through to librdkafka by its own names: bootstrap.servers at least, TLS and SASL where needed. "
               "With these Riffle runs on Kafka; without, on the local bus below. Only one of the two may be given.");
  f.section("local", "The embedded bus, of one process: append-only files with Kafka's contract.",
            [&](Fields& inner) { describe_local(inner, config.local); });
  f.section("topics", "The topics, as `riffle topics create` makes them.",
            [&](Fields& inner) { describe_topics(inner, config.topics); });
  f.section("ingest", "Which records are taken. What is refused goes to `dead-letters` with its reason.",
            [&](Fields& inner) { describe_ingest(inner, config.ingest); });
  f.section("rows", "What is known of users and items, and how it is forgotten.",
            [&](Fields& inner) { describe_rows(inner, config.rows); });
  f.section("reward", "What a slot of a list earns, for learning and for evaluation.",
            [&](Fields& inner) { describe_reward(inner, config.rows.reward); });
  f.section("join", "How what users do finds the list that caused it.",
            [&](Fields& inner) { describe_join(inner, config.join); });
}

}  // namespace riffle::config
