#include "bus/sync_crew.h"

namespace riffle::bus {

SyncCrew::SyncCrew(int helpers) {
  for (int i = 0; i < helpers; ++i) helpers_.emplace_back([this] { help(); });
}

SyncCrew::~SyncCrew() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    wanted_.SignalAll();
  }
  for (std::thread& helper : helpers_) helper.join();
}

void SyncCrew::run(std::size_t count, const std::function<void(std::size_t)>& work) {
  if (helpers_.empty()) {
    for (std::size_t i = 0; i < count; ++i) work(i);
    return;
  }
  absl::MutexLock lock(&mutex_);
  work_ = &work;
  next_ = 0;
  count_ = unfinished_ = count;
  // One signal a piece: it wakes the helper that waits longest.
  for (std::size_t i = 0; i < count && i < helpers_.size(); ++i) wanted_.Signal();
  while (unfinished_ > 0) done_.Wait(&mutex_);
}

void SyncCrew::help() {
  absl::MutexLock lock(&mutex_);
  for (;;) {
    while (next_ == count_ && !stopping_) wanted_.Wait(&mutex_);
    if (stopping_) return;
    const std::size_t mine = next_++;
    const auto& work = *work_;
    mutex_.Unlock();
    work(mine);
    mutex_.Lock();
    if (--unfinished_ == 0) done_.Signal();
  }
}

}  // namespace riffle::bus
