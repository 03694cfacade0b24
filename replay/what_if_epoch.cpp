#include "replay/what_if_epoch.h"

#include "base/errors.h"
#include "pipeline/epoch.h"
#include "records/candidate_table.h"
#include "records/proto_codec.h"

namespace riffle::replay {
namespace {

std::string code_of(const ingest::OwnedRecord& dead_letter) {
  for (const auto& [name, value] : dead_letter.headers)
    if (name == "error.code") return value;
  return "unknown";
}

}  // namespace

absl::Status commit_epoch(pipeline::Shard& shard, bool with_stats, const pipeline::ShardOptions& options,
                          LearnedWorld& world, WhatIfFigures& figures) {
  if (!shard.dirty()) return absl::OkStatus();
  RIFFLE_ASSIGN_OR_RETURN(pipeline::FrozenEpoch epoch, shard.freeze(with_stats));
  pb::Outcome outcome;
  for (const ingest::OwnedRecord& output : epoch.outputs) {
    if (output.topic == options.topics.dead_letters) ++figures.refused[code_of(output)];
    if (output.topic != options.topics.outcomes || !output.value) continue;
    RIFFLE_RETURN_IF_ERROR(pb::decode(*output.value, outcome));
    RIFFLE_RETURN_IF_ERROR(records::spread_candidates(outcome));
    world.outcome(outcome, epoch.shard);
  }
  world.statistics(std::move(epoch.statistics));
  state::WriteBatch batch;
  pipeline::append_commit(epoch, batch);
  RIFFLE_RETURN_IF_ERROR(epoch.store->write(batch, false));
  shard.committed();
  return absl::OkStatus();
}

}  // namespace riffle::replay
