#include "config/describe.h"

namespace riffle::config {
namespace {

void describe_state(Fields& f, pipeline::StateOptions& o) {
  f.text("directory", o.directory, "Of the stores: one a shard, one for what is global.");
  using Fsync = pipeline::Fsync;
  f.one_of("fsync", o.fsync, {{"epoch", Fsync::kEpoch}, {"batch", Fsync::kBatch}, {"never", Fsync::kNever}},
           "When the store is forced to the disk: at an epoch's end; with every micro-batch, so that a list seen before a "
           "power cut is the only one of its request; or when the operating system likes.");
  f.whole("cached_users", o.cached_users, "Decoded rows kept in RAM, a shard.", 1);
  f.whole("cached_items", o.cached_items, "The same of items.", 1);
  f.whole("cached_decisions", o.cached_decisions, "The same of decisions, some 8 kB each.", 1);
  f.whole("cached_lists", o.cached_lists, "The same of what is small of a list: joins, waiting rewards and such, each.", 1);
  f.bytes("write_buffer_bytes", o.write_buffer_bytes, "Of a store; larger ones flush less often.", 1 << 20);
  f.bytes("block_cache_bytes", o.block_cache_bytes, "Of all stores of the worker together.", 1 << 20);
  f.duration("wait_for_lock", o.wait_for_lock, "For the shard's owner before us to let go of its store.");
}

void describe_epoch(Fields& f, pipeline::EpochOptions& o) {
  f.duration("interval", o.interval, "An epoch ends after so long ...", Milliseconds(1));
  f.duration("catching_up_interval", o.catching_up_interval, "... while a backlog is read: longer ones cost less an event ...",
             Milliseconds(1));
  f.whole("records", o.records, "... or so many records ...", 1);
  f.bytes("dirty_bytes", o.dirty_bytes, "... or so many bytes of changed rows ...", 1 << 20);
  f.bytes("asked_dirty_bytes", o.asked_dirty_bytes,
          "... or so many while lists are asked for: fewer make them wait less and cost more an event.", 1 << 20);
  f.duration("stats_interval", o.stats_interval,
             "Item statistics leave at most so often; while a backlog is read, at most once a catching_up_interval.",
             Milliseconds(1));
}

void describe_worker(Fields& f, pipeline::WorkerOptions& o) {
  f.text("name", o.name, "One process a name and state directory.");
  f.text("group", o.group, "Consumer group of `events`; the requests are committed under <group>.requests.");
  f.whole("apply_threads", o.apply_threads, "Each owns shards; one a core is best.", 1, 1024);
  f.duration("events_turn", o.events_turn, "Events are applied at most so long before waiting requests have their turn.",
             Milliseconds(1));
  f.duration("tick_interval", o.tick_interval, "Shard time moves on so often while caught up.", Milliseconds(1));
  f.bytes("queued_bytes", o.queued_bytes, "Of records that wait for a shard; beyond it its partitions are paused.", 1 << 16);
  f.flag("learner", o.learner, "Learns for its group while it owns shard 0. Off in all of a group's workers: policies stand still.");
  f.flag("rebuild", o.rebuild,
         "A shard whose state is lost reads `events` from the beginning. Without it such a shard is refused.");
  using Lost = pipeline::LostOffset;
  f.one_of("on_lost_offset", o.on_lost_offset, {{"stop", Lost::kStop}, {"earliest", Lost::kEarliest}},
           "Where the stored offset is no longer in the log: stop the shard and say so, or go on at the earliest record "
           "and lose what is gone.");
}

void describe_http(Fields& f, http::HttpOptions& o) {
  f.flag("enabled", o.enabled, "Whether there are pages at all.");
  f.text("address", o.address, "An IP address. There is no token and no TLS: keep it on loopback, or behind a proxy.");
  f.whole("port", o.port, "0: any free one.", 0, 65535);
  f.whole("max_connections", o.max_connections, "Beyond it a client gets 503.", 1, 100000);
  f.bytes("header_bytes", o.header_bytes, "Of a request; beyond it 431.", 256);
  f.bytes("body_bytes", o.body_bytes, "Of a request; beyond it 413.");
  f.duration("idle_timeout", o.idle_timeout, "A connection without a whole request header is closed.", Milliseconds(1));
  f.duration("transfer_timeout", o.transfer_timeout, "Of a request's body, or of an answer.", Milliseconds(1));
  f.duration("answer_timeout", o.answer_timeout, "A request that is not answered by then gets 503.", Milliseconds(1));
  f.duration("stop_grace", o.stop_grace, "For requests under way when the worker stops.");
}

}  // namespace

void describe_running(Fields& f, Config& config) {
  f.section("state", "What is kept on disk.", [&](Fields& inner) { describe_state(inner, config.state); });
  f.section("epoch", "When what was applied is committed, in one piece with its offsets.",
            [&](Fields& inner) { describe_epoch(inner, config.epoch); });
  f.section("worker", "This process.", [&](Fields& inner) { describe_worker(inner, config.worker); });
  f.section("http", "/metrics, /healthz and /readyz.", [&](Fields& inner) { describe_http(inner, config.http); });
  f.choice("log_level", config.log_level, {"trace", "debug", "info", "warn", "error", "off"}, "Of the lines on stderr.");
}

void describe(Fields& fields, Config& config) {
  describe_streams(fields, config);
  describe_choosing(fields, config);
  describe_running(fields, config);
  fields.section("simulation", "The world of `riffle simulate`; a worker does not read it. simulation/world_options.h has the sources.",
                 [&](Fields& inner) { describe_simulation(inner, config.simulation); });
}

}  // namespace riffle::config
