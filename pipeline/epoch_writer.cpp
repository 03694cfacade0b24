#include "pipeline/epoch_writer.h"

#include <chrono>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/kill_point.h"
#include "base/log.h"

namespace riffle::pipeline {

EpochWriter::EpochWriter(bus::Sink* outputs, bus::Sink* lists, const bus::TopicNames& topics, Fsync fsync,
                         std::function<void(Statistics)> told, Metrics& metrics)
    : outputs_(outputs),
      lists_(lists),
      told_(std::move(told)),
      fsync_(fsync),
      commit_seconds_(metrics.histogram("riffle_epoch_commit_seconds", "From an epoch's freeze to its commit",
                                        Metrics::latency_buckets())),
      epochs_(metrics.counter("riffle_epochs_total", "Epochs committed")),
      rows_(metrics.counter("riffle_epoch_rows_total", "Rows that epochs' commits wrote or erased")),
      row_bytes_(metrics.counter("riffle_epoch_row_bytes_total", "Their keys and values, before they are packed")),
      records_(metrics.counter("riffle_epoch_records_total", "Records that epochs published: outcomes, dead letters, item statistics")),
      refused_(metrics.counter("riffle_outputs_refused_total", "Records that the bus will never take")),
      thread_([this, topic = topics.item_stats] {
        statistics_record_.topic = topic;
        run();
      }) {}

EpochWriter::~EpochWriter() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    cancelled_ = true;
  }
  thread_.join();
}

void EpochWriter::submit(FrozenEpoch epoch, Done done) {
  absl::MutexLock lock(&mutex_);
  queue_.push_back({std::move(epoch), std::move(done), absl::OkStatus(), 0});
}

void EpochWriter::cancel() {
  absl::MutexLock lock(&mutex_);
  cancelled_ = true;
}

bool EpochWriter::cancelled() const {
  absl::MutexLock lock(&mutex_);
  return cancelled_;
}

void EpochWriter::run() {
  while (true) {
    std::deque<Job> jobs;
    {
      absl::MutexLock lock(&mutex_);
      const auto ready = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopping_ || !queue_.empty(); };
      mutex_.Await(absl::Condition(&ready));
      if (queue_.empty()) return;
      jobs.swap(queue_);
    }
    const auto began = std::chrono::steady_clock::now();
    // The epochs of several shards travel together: one round of acknowledgements serves them all.
    for (Job& job : jobs) publish(job);
    for (Job& job : jobs) {
      if (job.status.ok()) commit(job);
      commit_seconds_.Observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
      job.done(job.status);
    }
    for (bus::Sink* sink : {outputs_, lists_}) {
      for (const bus::Refusal& refusal : sink->take_refusals()) {
        refused_.Increment();
        log::error("the bus refused a record of {} bytes with key \"{}\" for {}: {}", refusal.bytes, refusal.key,
                   refusal.topic, refusal.status.ToString());
      }
    }
  }
}

void EpochWriter::publish(Job& job) {
  if (fsync_ != Fsync::kNever) job.status = job.epoch.store->sync();
  for (const ingest::OwnedRecord& output : job.epoch.outputs) send(job, output);
  Statistics& statistics = job.epoch.statistics;
  for (auto& item : statistics.items) {
    if (job.epoch.stats_neighbours > 0) item = told_row(*item, job.epoch.stats_neighbours);
    write_record(statistics, *item, statistics_record_);
    send(job, statistics_record_);
  }
}

void EpochWriter::send(Job& job, const ingest::OwnedRecord& record) {
  if (!job.status.ok()) return;
  kill_point("outputs");
  const auto ticket = outputs_->send(record.record());
  if (ticket.ok()) {
    job.ticket = *ticket;
    records_.Increment();
  } else {
    job.status = annotate(ticket.status(), absl::StrCat("shard ", job.epoch.shard.value(), ", ", record.topic));
  }
}

absl::Status EpochWriter::await(bus::Sink& sink, std::uint64_t ticket) {
  while (!sink.wait_acknowledged(ticket, std::chrono::milliseconds(100))) {
    if (cancelled()) return absl::CancelledError("stopped before the bus acknowledged the epoch's records");
  }
  return absl::OkStatus();
}

void EpochWriter::commit(Job& job) {
  job.status = await(*outputs_, job.ticket);
  if (job.status.ok()) job.status = await(*lists_, job.epoch.last_list_ticket);
  if (!job.status.ok()) return;
  kill_point("published");
  state::WriteBatch batch;
  append_commit(job.epoch, batch);
  kill_point("commit");
  job.status = job.epoch.store->write(batch, fsync_ != Fsync::kNever);
  if (!job.status.ok()) return;
  epochs_.Increment();
  rows_.Increment(static_cast<double>(batch.operations().size()));
  row_bytes_.Increment(static_cast<double>(batch.bytes()));
  if (!job.epoch.statistics.items.empty()) told_(std::move(job.epoch.statistics));
}

}  // namespace riffle::pipeline
