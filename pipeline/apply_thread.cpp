#include "pipeline/apply_thread.h"

#include <time.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/log.h"

namespace riffle::pipeline {
namespace {

using Steady = std::chrono::steady_clock;
// A record younger than this shows that its input is being read as it is written.
constexpr Milliseconds kLive{1000};
// Without records a tick costs a journal entry and an epoch for nothing but the windows that it may close.
constexpr Milliseconds kIdleTick{1000};
// Lists leave once those of the whole turn are decided and journaled: enough of them share a write, and the first does not wait
// for many others. All shards' together take about so long: a request waits here for as long. Where nothing presses, a shard's
// turn is long enough to pay for the caches that it finds full of the one before it: lists cost a quarter less.
constexpr std::chrono::microseconds kRequestsRound{12'000}, kPatientRound{64'000};
constexpr double kFewestRequests = 4, kMostRequests = 32, kMostPatientRequests = 128;   // of a turn
// A shard counts as asked for so long after its last request.
constexpr Milliseconds kAsked{1000};

// Ticks and epochs' ends are looked for at least this often.
constexpr Milliseconds kLook{5};

// What the calling thread has had of a processor.
std::chrono::nanoseconds processor_time() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

double steady_ms() { return std::chrono::duration<double, std::milli>(Steady::now().time_since_epoch()).count(); }

}  // namespace

ApplyThread::ApplyThread(Environment environment)
    : environment_(std::move(environment)),
      event_time_seconds_(environment_.metrics->gauge("riffle_event_time_seconds", "Largest event time applied")),
      thread_([this] { run(); }) {}

ApplyThread::~ApplyThread() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

void ApplyThread::post(std::function<void()> work) {
  absl::MutexLock lock(&mutex_);
  work_.push_back(std::move(work));
}

void ApplyThread::add(Partition id, std::uint64_t assignment, std::function<std::unique_ptr<Shard>()> open) {
  post([this, id, assignment, open = std::move(open)] {
    Owned owned;
    owned.shard = open();
    if (!owned.shard) return;
    owned.epoch_began = owned.last_tick = owned.last_stats = Steady::now();
    shards_[id] = std::move(owned);
    absl::MutexLock lock(&mutex_);
    inboxes_[id].assignment = assignment;
  });
}

void ApplyThread::close(Partition id, bool commit, std::function<void()> closed) {
  post([this, id, commit, closed = std::move(closed)] {
    {
      absl::MutexLock lock(&mutex_);
      inboxes_.erase(id);
    }
    const auto it = shards_.find(id);
    if (it == shards_.end()) return closed();
    Owned& owned = it->second;
    owned.closed = closed;
    owned.dropped = !commit || owned.dropped;
    const bool waits = !owned.dropped && (owned.shard->frozen() || (owned.shard->dirty() && submit(id, owned, true)));
    // A frozen epoch is being written from this shard's rows: even without a commit of the rest it must end first.
    if (waits || owned.shard->frozen()) return;
    shards_.erase(it);
    closed();
  });
}

std::size_t ApplyThread::requests_in_a_turn() const {
  const auto round = patient_ ? kPatientRound : kRequestsRound;
  const double share = static_cast<double>(round.count()) / static_cast<double>(std::max<std::size_t>(1, shards_.size()));
  return static_cast<std::size_t>(
      std::clamp(share / micros_per_request_, kFewestRequests, patient_ ? kMostPatientRequests : kMostRequests));
}

Inbox* ApplyThread::inbox_of(Partition shard, std::uint64_t assignment) {
  const auto it = inboxes_.find(shard);
  return it == inboxes_.end() || it->second.assignment != assignment ? nullptr : &it->second;
}

bool ApplyThread::deliver(Partition shard, Input input, std::uint64_t assignment, std::vector<bus::Record> records,
                          std::shared_ptr<void> memory) {
  absl::MutexLock lock(&mutex_);
  Inbox* const inbox = inbox_of(shard, assignment);
  if (!inbox) return false;
  inbox->at_end[static_cast<std::size_t>(input)] = false;
  if (input == Input::kEvents) inbox->events_heard = true;
  inbox->push(input, std::move(records), std::move(memory), Steady::now());
  news_ = true;
  bool& paused = inbox->paused[static_cast<std::size_t>(input)];
  if (!paused && inbox->bytes(input) > environment_.worker.queued_bytes) return paused = true;
  return false;
}

void ApplyThread::reached_end(Partition shard, Input input, std::uint64_t assignment) {
  absl::MutexLock lock(&mutex_);
  Inbox* const inbox = inbox_of(shard, assignment);
  if (!inbox) return;
  inbox->at_end[static_cast<std::size_t>(input)] = true;
  if (input == Input::kEvents) inbox->events_heard = true;
}

std::size_t ApplyThread::waiting() const {
  absl::MutexLock lock(&mutex_);
  std::size_t count = 0;
  for (const auto& [shard, inbox] : inboxes_) count += inbox.count(Input::kEvents);
  return count;
}

std::size_t ApplyThread::events_in_a_turn() const {
  const double micros = std::chrono::duration<double, std::micro>(environment_.worker.events_turn).count();
  const double share = micros / static_cast<double>(std::max<std::size_t>(1, shards_.size()));
  return static_cast<std::size_t>(std::clamp(share / micros_per_event_, 16.0, 20'000.0));
}

void ApplyThread::run() {
  while (true) {
    std::vector<std::function<void()>> work;
    {
      absl::MutexLock lock(&mutex_);
      const auto awake = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return stopping_ || news_ || !work_.empty();
      };
      const Steady::time_point now = Steady::now();
      const Steady::duration wait = pace_.rests(now) ? std::min<Steady::duration>(pace_.until() - now, kLook) : kLook;
      mutex_.AwaitWithTimeout(absl::Condition(&awake), absl::FromChrono(wait));
      if (stopping_) return;
      work.swap(work_);
      news_ = false;
    }
    for (auto& piece : work) piece();

    froze_this_round_ = false;
    patient_ = !std::exchange(pressed_, false);
    round_events_ms_ = 0;
    const auto began = Steady::now();
    const auto processor = processor_time();
    events_rest_ = pace_.rests(began);
    std::vector<Partition> failed;
    for (auto& [id, owned] : shards_) {
      if (!owned.closed && !turn(id, owned)) failed.push_back(id);
    }
    for (const Partition id : failed) drop(id);
    // A click that is read as it is made does not rest.
    const auto paced = [](const auto& shard) { return shard.second.asked && shard.second.behind; };
    const std::chrono::duration<double, std::milli> events(round_events_ms_);
    const Steady::time_point end = Steady::now();
    pace_.round(end, end - began, processor_time() - processor, std::chrono::duration_cast<EventPace::Span>(events),
                std::any_of(shards_.begin(), shards_.end(), paced));
  }
}

// A list waits for an epoch's freeze and for its commit's write to the log: where lists are asked for, epochs are small.
bool ApplyThread::full(const Owned& owned) const {
  const EpochOptions& limits = environment_.epoch;
  const std::size_t bytes = owned.asked ? std::min(limits.asked_dirty_bytes, limits.dirty_bytes) : limits.dirty_bytes;
  return owned.shard->records_in_epoch() >= limits.records || owned.shard->dirty_bytes() >= bytes;
}

// By a quarter, so that a commit that does not end cannot fill the memory with outcomes.
bool ApplyThread::overfull(const Shard& shard) const {
  return shard.records_in_epoch() >= environment_.epoch.records + environment_.epoch.records / 4 ||
         shard.dirty_bytes() >= environment_.epoch.dirty_bytes + environment_.epoch.dirty_bytes / 4;
}

bool ApplyThread::turn(Partition id, Owned& owned) {
  Shard& shard = *owned.shard;
  MicroBatch batch;
  bool more = false;
  bool resume[kInputs] = {};
  std::vector<Inbox::Time> since;
  {
    absl::MutexLock lock(&mutex_);
    const auto it = inboxes_.find(id);
    if (it == inboxes_.end()) return true;
    Inbox& inbox = it->second;
    // An epoch that is full waits for the one before it: the queue fills, and its partitions are paused. Requests do not
    // wait with the events: a list adds little to an epoch.
    const bool events = !(shard.frozen() && full(owned)) && !events_rest_;
    if (events) {
      inbox.take(Input::kEvents, events_in_a_turn(), batch.events, batch.memory);
      inbox.take(Input::kUsers, 1000, batch.users, batch.memory);
    }
    // A request that waited for this start is not answered before what came before it has begun to arrive.
    const bool answering = inbox.events_heard && environment_.world_ready() && !(shard.frozen() && overfull(shard));
    if (answering) inbox.take(Input::kRequests, requests_in_a_turn(), batch.requests, batch.memory, &since);
    more = (events && inbox.count(Input::kEvents) + inbox.count(Input::kUsers) > 0) ||
           (answering && inbox.count(Input::kRequests) > 0);
    owned.events_at_end = inbox.at_end[static_cast<std::size_t>(Input::kEvents)] && inbox.count(Input::kEvents) == 0;
    owned.requests_at_end = inbox.at_end[static_cast<std::size_t>(Input::kRequests)] && inbox.count(Input::kRequests) == 0;
    for (std::size_t i = 0; i < kInputs; ++i) {
      if (inbox.paused[i] && inbox.bytes(static_cast<Input>(i)) < environment_.worker.queued_bytes / 2) {
        inbox.paused[i] = false;
        resume[i] = true;
      }
    }
    if (more) news_ = true;
    batch.events_lag = inbox.count(Input::kEvents) > 0;
    batch.leaves_requests = inbox.count(Input::kRequests) > 0;
    pressed_ |= batch.events_lag;
  }
  for (std::size_t i = 0; i < kInputs; ++i)
    if (resume[i]) environment_.resume(id, static_cast<Input>(i));

  const auto began = Steady::now();
  for (const Inbox::Time pushed : since) batch.waited.push_back(std::chrono::duration_cast<Milliseconds>(began - pushed));
  batch.wall = environment_.clock->now();
  if (!batch.requests.empty()) owned.last_asked = began;
  owned.asked = owned.last_asked && began - *owned.last_asked < kAsked;
  if (!batch.events.empty()) owned.newest_record = batch.events.back().timestamp;
  const bool live = owned.events_at_end || (!batch.events_lag && owned.newest_record + kLive > batch.wall);
  const bool caught_up = live && environment_.connected();
  owned.behind = !live;
  if (!live) batch.events_lag = true;
  const auto since_tick = std::chrono::duration_cast<Milliseconds>(began - owned.last_tick);
  if (!caught_up) {
    owned.last_tick = began;  // time that passes during a backlog is the events' own
  } else if (since_tick >= (batch.empty() ? std::max(kIdleTick, environment_.worker.tick_interval)
                                          : environment_.worker.tick_interval)) {
    // Nothing to date before the first event: a tick then would only fill the journal.
    if (shard.event_time() != kNoTime || shard.shard_time() > from_ms(0)) batch.tick = since_tick;
    owned.last_tick = began;
  }

  if (!batch.empty()) {
    const auto world = environment_.world->get();  // held to the end: what it points to dies with the world feed
    batch.world = *world;
    batch.seed = environment_.seed ^ (++batches_ * 0x9E3779B97F4A7C15ULL) ^
                 (static_cast<std::uint64_t>(id.value()) << 48);
    batch.now_ms = steady_ms;
    if (const absl::Status status = shard.process(batch); !status.ok()) {
      fail(id, status);
      return false;
    }
    pressed_ |= !batch.requests.empty() && shard.had_deadlines();
    if (!batch.events.empty()) round_events_ms_ += shard.events_ms();
    if (batch.events.size() >= 16)
      micros_per_event_ = .9 * micros_per_event_ + .1 * 1000 * shard.events_ms() / static_cast<double>(batch.events.size());
    if (!batch.requests.empty()) {
      const double micros = std::chrono::duration<double, std::micro>(Steady::now() - began).count() - 1000 * shard.events_ms();
      micros_per_request_ = .9 * micros_per_request_ + .1 * micros / static_cast<double>(batch.requests.size());
    }
    event_time_seconds_.Set(static_cast<double>(to_ms(shard.event_time() == kNoTime ? from_ms(0) : shard.event_time())) / 1000);
  }
  return end_epoch(id, owned, Steady::now(), caught_up);
}

bool ApplyThread::end_epoch(Partition id, Owned& owned, Steady::time_point now, bool caught_up) {
  Shard& shard = *owned.shard;
  if (!shard.dirty()) {
    owned.epoch_began = now;
    return true;
  }
  if (shard.frozen()) return true;
  const auto interval = caught_up ? environment_.epoch.interval : environment_.epoch.catching_up_interval;
  if (now - owned.epoch_began < interval && !full(owned)) return true;
  if (owned.asked && froze_this_round_ && !overfull(shard)) return true;  // a list waits for one freeze, not for all shards'
  froze_this_round_ = true;
  // Thousands of items a shard: where lists are asked for, not several shards' at once.
  const Steady::duration stats_interval = std::max(environment_.epoch.stats_interval, interval);
  const Steady::duration apart = owned.asked ? stats_interval / static_cast<int>(shards_.size()) : Steady::duration::zero();
  const bool with_stats = now - owned.last_stats >= stats_interval && now - last_stats_ >= apart;
  if (with_stats) owned.last_stats = last_stats_ = now;
  owned.epoch_began = now;
  return submit(id, owned, with_stats);
}

bool ApplyThread::submit(Partition id, Owned& owned, bool with_stats) {
  auto epoch = owned.shard->freeze(with_stats);
  if (!epoch.ok()) {
    fail(id, epoch.status());
    return false;
  }
  owned.freezing.clear();
  const std::string* names[kInputs] = {&environment_.topics->events, &environment_.topics->requests,
                                       &environment_.topics->users};
  for (std::size_t i = 0; i < kInputs; ++i) {
    if (epoch->positions[i].offset() >= 0) {
      owned.freezing.push_back({{*names[i], id}, Offset(epoch->positions[i].offset())});
    }
  }
  environment_.writer->submit(*std::move(epoch), [this, id](absl::Status status) {
    post([this, id, status = std::move(status)] { finish_commit(id, status); });
  });
  return true;
}

void ApplyThread::finish_commit(Partition id, absl::Status status) {
  const auto it = shards_.find(id);
  if (it == shards_.end()) return;
  Owned& owned = it->second;
  if (status.ok()) {
    owned.shard->committed();
    environment_.on_committed(id, owned.freezing);
    // What came while the epoch was frozen is an epoch of its own.
    if (owned.closed && !owned.dropped && owned.shard->dirty() && submit(id, owned, true)) return;
  } else if (!absl::IsCancelled(status)) {
    fail(id, status);
  }
  if (owned.closed || !status.ok()) {
    const auto closed = std::move(owned.closed);
    shards_.erase(it);
    if (closed) closed();
  }
}

// The writer may still be committing the shard's last epoch out of its store.
void ApplyThread::drop(Partition id) {
  const auto it = shards_.find(id);
  if (it == shards_.end()) return;
  if (it->second.shard->frozen()) {
    it->second.closed = [] {};
    it->second.dropped = true;
  } else {
    shards_.erase(it);
  }
}

void ApplyThread::fail(Partition id, const absl::Status& status) {
  log::error("shard {} has stopped: {}", id.value(), status.ToString());
  {
    absl::MutexLock lock(&mutex_);
    inboxes_.erase(id);
  }
  environment_.on_failed(id, status);
}

}  // namespace riffle::pipeline
