#include "app/service.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/errors.h"
#include "base/log.h"
#include "records/json_writer.h"
#include "state/store_errors.h"

namespace riffle::app {
namespace {

constexpr Milliseconds kFirstRetry{100};
constexpr Milliseconds kLongestRetry{5000};
constexpr Milliseconds kConnecting{2000};       // a broker that is up answers sooner
constexpr Milliseconds kLongestSilence{60000};  // between two log lines that say the same

std::string status_body(std::string_view status, const std::string& because) {
  records::JsonWriter json;
  json.begin_object().member("status", status);
  if (!because.empty()) json.member("because", because);
  json.end_object();
  return json.take() + "\n";
}

// The size of a store's files. They come and go while the store works: what vanishes counts
// nothing.
std::uintmax_t directory_bytes(const std::filesystem::path& directory) {
  std::uintmax_t bytes = 0;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error)) {
    std::error_code gone;
    const auto size = it->is_regular_file(gone) ? it->file_size(gone) : 0;
    if (!gone) bytes += size;
  }
  return bytes;
}

}  // namespace

Service::Service(bus::Bus& bus, pipeline::WorkerSetup setup, const Clock& clock, Metrics& metrics)
    : bus_(bus), setup_(std::move(setup)), clock_(clock), metrics_(metrics) {}

absl::StatusOr<std::unique_ptr<Service>> Service::start(bus::Bus& bus, pipeline::WorkerSetup setup,
                                                        const http::HttpOptions& pages,
                                                        const Clock& clock, Metrics& metrics) {
  std::unique_ptr<Service> service(new Service(bus, std::move(setup), clock, metrics));
  if (pages.enabled) RIFFLE_RETURN_IF_ERROR(service->open_pages(pages));
  service->bringing_up_ = std::thread([raw = service.get()] { raw->bring_up(); });
  return service;
}

Service::~Service() { stop(Milliseconds(0)); }

// ---- coming up ----------------------------------------------------------------------------------

void Service::bring_up() {
  auto name = state::WorkerLock::acquire(setup_.shard.state.directory, setup_.worker.name);
  if (absl::IsNotFound(name.status())) {  // a directory above it: no worker can ever write there
    return end(state::not_writable_error(setup_.shard.state.directory,
                                         std::string(name.status().message())),
               Origin::kState);
  }
  if (!name.ok()) return end(name.status(), Origin::kState);
  name_.emplace(*std::move(name));

  Milliseconds wait = kFirstRetry;
  while (await_bus()) {
    auto worker = pipeline::Worker::start(bus_, setup_, clock_, metrics_);
    if (worker.ok()) {
      owned_ = *std::move(worker);
      absl::MutexLock lock(&mutex_);
      if (!stopping_) worker_ = owned_.get();
      return;
    }
    if (error_class(worker.status()) != ErrorClass::kRetriable)
      return end(worker.status(), Origin::kTopics);
    log::warn("not started yet: {}; trying again in {} ms", worker.status().ToString(),
              wait.count());
    {
      absl::MutexLock lock(&mutex_);
      waits_for_ = std::string(worker.status().message());
    }
    if (!pause(wait)) return;
    wait = std::min(2 * wait, kLongestRetry);
  }
}

// The calls that the worker starts with wait for an answer; a source only looks whether a broker is
// there, so that a stop is obeyed at once.
bool Service::await_bus() {
  auto probe = bus_.make_source({});
  if (!probe.ok()) {
    end(probe.status(), Origin::kBus);
    return false;
  }
  const auto began = std::chrono::steady_clock::now();
  Milliseconds say_after = kConnecting;
  while (true) {
    const auto batch = (*probe)->poll(1, Milliseconds(100));
    if (!batch.ok()) {
      end(batch.status(), Origin::kBus);
      return false;
    }
    if ((*probe)->connected()) return true;
    const auto waited =
        std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - began);
    if (waited >= say_after) {
      log::warn("the bus cannot be reached since {} s; waiting for it", waited.count() / 1000);
      say_after = std::min(2 * say_after, say_after + kLongestSilence);
    }
    const absl::Status trouble = (*probe)->trouble();
    if (waited >= kConnecting && absl::IsPermissionDenied(trouble)) {
      end(trouble, Origin::kBus);
      return false;
    }
    absl::MutexLock lock(&mutex_);
    if (waited >= kConnecting) waits_for_ = pipeline::bus_away(trouble);
    if (stopping_) return false;
  }
}

bool Service::pause(Milliseconds time) {
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(&stopping_), absl::Milliseconds(time.count()));
  return !stopping_;
}

void Service::end(absl::Status status, Origin origin) {
  absl::MutexLock lock(&mutex_);
  end_ = End{std::move(status), origin};
}

// ---- how it is doing ----------------------------------------------------------------------------

std::string Service::not_ready_because() const {
  absl::MutexLock lock(&mutex_);
  if (stopping_) return "stopping";
  if (end_) return std::string(end_->status.message());
  return worker_ != nullptr ? worker_->not_ready_because() : waits_for_;
}

std::optional<Service::End> Service::ended() const {
  absl::MutexLock lock(&mutex_);
  if (end_ || worker_ == nullptr) return end_;
  if (absl::Status thread = worker_->thread_failure(); !thread.ok())
    return End{std::move(thread), Origin::kBus};
  if (absl::Status shards = worker_->shards_failure(); !shards.ok())
    return End{std::move(shards), Origin::kState};
  return std::nullopt;
}

std::string Service::metrics_page() {
  {
    absl::MutexLock lock(&mutex_);
    if (worker_ != nullptr) worker_->refresh_metrics();
  }
  measure_state();
  return metrics_.exposition();
}

void Service::measure_state() {
  std::error_code error;
  for (std::filesystem::directory_iterator it(setup_.shard.state.directory, error), end;
       !error && it != end; it.increment(error)) {
    if (!it->is_directory(error)) continue;
    metrics_
        .gauge("riffle_state_bytes", "Size of a store on disk",
               {{"store", it->path().filename().string()}})
        .Set(static_cast<double>(directory_bytes(it->path())));
  }
}

absl::Status Service::open_pages(const http::HttpOptions& options) {
  http::Router router;
  router.add("GET", "/metrics", http::answer_at_once([this](const http::HttpRequest&) {
               return http::HttpResponse{
                   200, metrics_page(), "text/plain; version=0.0.4; charset=utf-8", {}};
             }));
  router.add("GET", "/healthz", http::answer_at_once([](const http::HttpRequest&) {
               return http::HttpResponse{200, status_body("ok", ""), "application/json", {}};
             }));
  router.add(
      "GET", "/readyz", http::answer_at_once([this](const http::HttpRequest&) {
        const std::string because = not_ready_because();
        return because.empty()
                   ? http::HttpResponse{200, status_body("ready", ""), "application/json", {}}
                   : http::HttpResponse{
                         503, status_body("not ready", because), "application/json", {}};
      }));
  RIFFLE_ASSIGN_OR_RETURN(pages_, http::HttpServer::start(options, std::move(router), metrics_));
  return absl::OkStatus();
}

// ---- stopping -----------------------------------------------------------------------------------

bool Service::stop(Milliseconds most) {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    worker_ = nullptr;  // no page asks it from now on
  }
  if (bringing_up_.joinable()) bringing_up_.join();
  const bool all = !owned_ || owned_->stop(most);
  owned_.reset();
  name_.reset();
  if (pages_) pages_->stop();
  pages_.reset();
  return all;
}

}  // namespace riffle::app
