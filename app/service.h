// A worker that waits for its bus, with its pages: what `riffle run` is apart from arguments and
// signals. End-to-end tests run it in process.
//
//   GET /metrics   Prometheus text
//   GET /healthz   200 as long as the process answers: do not restart it
//   GET /readyz    200 once every owned shard runs and the world is known, else 503 with the reason
//
// What happens when something is wrong:
//   broker away, at start or later   waits and says so; not ready; goes on by itself
//   topic missing, counts differ     ends, naming the command that helps
//   one shard stopped (lost offset)  stays up for the others; not ready, says which. The shard stays
//                                    where it is until the worker is started again: only a person
//                                    can decide what may be skipped
//   all shards stopped, or a thread  ends with the first cause, so that a supervisor sees it
//   the learner stopped              stays up, lists go on with the last version; not ready, says why
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "app/exit_codes.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "bus/bus.h"
#include "http/options.h"
#include "http/server.h"
#include "pipeline/worker.h"
#include "state/layout.h"

namespace riffle::app {

class Service {
 public:
  // Opens the pages, and begins to bring the worker up on a thread of its own. The error is the
  // pages'. `bus`, `clock` and `metrics` outlive it.
  static absl::StatusOr<std::unique_ptr<Service>> start(bus::Bus& bus, pipeline::WorkerSetup setup,
                                                        const http::HttpOptions& pages,
                                                        const Clock& clock, Metrics& metrics);
  ~Service();

  // Any thread. Empty: ready.
  std::string not_ready_because() const;

  // Why it does nothing any more and never will; none while it runs or may still come up. Any
  // thread.
  struct End {
    absl::Status status;
    Origin origin = Origin::kBus;
  };
  std::optional<End> ended() const;

  // Commits and ends the worker, then the pages. False: the bus did not take everything in time;
  // the rest is in the journal and leaves at the next start. Waits, beyond `most`, for a call to
  // the bus that is under way while the worker is coming up.
  bool stop(Milliseconds most);

  std::uint16_t port() const {
    return pages_ ? pages_->port() : std::uint16_t{0};
  }  // of the pages; 0: there are none
  // The /metrics page, with what is measured when it is asked for.
  std::string metrics_page();

 private:
  Service(bus::Bus& bus, pipeline::WorkerSetup setup, const Clock& clock, Metrics& metrics);
  absl::Status open_pages(const http::HttpOptions& options);
  void bring_up();
  bool await_bus();
  bool pause(Milliseconds time);  // false: it is to stop
  void end(absl::Status status, Origin origin);
  void measure_state();

  bus::Bus& bus_;
  const pipeline::WorkerSetup setup_;
  const Clock& clock_;
  Metrics& metrics_;

  mutable absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::string waits_for_ ABSL_GUARDED_BY(mutex_) = "connecting to the bus";
  std::optional<End> end_ ABSL_GUARDED_BY(mutex_);
  pipeline::Worker* worker_ ABSL_GUARDED_BY(mutex_) =
      nullptr;  // to ask; null before it runs and once it is to stop

  std::optional<state::WorkerLock> name_;    // outlives the worker
  std::unique_ptr<pipeline::Worker> owned_;  // the thread's that brings it up, then stop()'s
  std::unique_ptr<http::HttpServer> pages_;
  std::thread bringing_up_;
};

}  // namespace riffle::app
