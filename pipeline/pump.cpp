#include "pipeline/pump.h"

#include <chrono>
#include <utility>

#include "base/log.h"

namespace riffle::pipeline {

namespace {
// Enough to be worth a hand-over, little enough that a batch is applied within a few turns.
constexpr std::size_t kMostRecords = 2000;
constexpr Milliseconds kWait{100};
}  // namespace

Pump::Pump(std::string name, std::unique_ptr<bus::Source> source, std::function<void(bus::Batch)> on_batch,
           std::function<void(absl::Status)> on_failure)
    : name_(std::move(name)),
      source_(std::move(source)),
      on_batch_(std::move(on_batch)),
      on_failure_(std::move(on_failure)) {}

Pump::~Pump() { stop(); }

void Pump::start() {
  thread_ = std::thread([this] { run(); });
}

void Pump::post(std::function<void(bus::Source&)> work) {
  {
    absl::MutexLock lock(&mutex_);
    work_.push_back(std::move(work));
  }
  source_->wake();
}

void Pump::stop() {
  stopping_ = true;
  source_->wake();
  if (thread_.joinable()) thread_.join();
}

void Pump::do_posted() {
  std::vector<std::function<void(bus::Source&)>> work;
  {
    absl::MutexLock lock(&mutex_);
    work.swap(work_);
  }
  for (auto& piece : work) piece(*source_);
}

void Pump::run() {
  while (!stopping_) {
    do_posted();
    auto batch = source_->poll(kMostRecords, kWait);
    if (!batch.ok()) {
      on_failure_(batch.status());
      return;
    }
    on_batch_(*std::move(batch));
  }
  do_posted();
}

}  // namespace riffle::pipeline
