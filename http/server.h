// An HTTP/1.1 server for metrics, health and the API: keep-alive, limits on everything (http/options.h), JSON errors.
//
//   Router router;
//   router.add("GET", "/healthz", answer_at_once([](const HttpRequest&) { return HttpResponse{.body = "{}"}; }));
//   auto server = HttpServer::start({.port = 0}, std::move(router), metrics);
//   (*server)->port();
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "base/metrics.h"
#include "http/options.h"
#include "http/router.h"

namespace boost::asio {
class io_context;
}

namespace riffle::http {

class HttpServer {
 public:
  // Listens when it returns. An address that is none, a port in use or not permitted: a fatal error that names both.
  //
  // This one runs an io_context and a thread of its own; handlers are called on that thread.
  static absl::StatusOr<std::unique_ptr<HttpServer>> start(const HttpOptions& options, Router router, Metrics& metrics);
  // This one uses the caller's, which must outlive the server and whatever Respond is still held; handlers are called
  // where it runs. stop() and the destructor are then to be called on its (only) thread, or while nobody runs it.
  static absl::StatusOr<std::unique_ptr<HttpServer>> start(const HttpOptions& options, Router router, Metrics& metrics,
                                                           boost::asio::io_context& context);
  ~HttpServer();  // stops

  std::uint16_t port() const;

  // Takes no more connections, closes the idle ones, and gives requests under way stop_grace to be answered. With a thread
  // of its own it returns when all that is done (not to be called from a handler); else the io_context goes on to do it.
  void stop();

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace riffle::http
