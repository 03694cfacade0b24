#include "http/server.h"

#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/errors.h"
#include "http/connection.h"

namespace riffle::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

namespace {

// Accepts until stopped. Runs on a strand of its own; kept alive by what it waits for.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  Listener(asio::io_context& context, std::shared_ptr<Shared> shared)
      : context_(context),
        strand_(asio::make_strand(context)),
        acceptor_(strand_),
        pause_(strand_),
        grace_(strand_),
        shared_(std::move(shared)) {}

  absl::Status listen() {
    const HttpOptions& options = shared_->options;
    const std::string where = absl::StrCat("http: ", options.address, ":", options.port);
    ErrorCode error;
    const auto address = asio::ip::make_address(options.address, error);
    if (error)
      return fatal_error(absl::StatusCode::kInvalidArgument,
                         absl::StrCat(where, ": not an IP address; set http.address to one, as 127.0.0.1"));
    const tcp::endpoint endpoint(address, options.port);
    const auto failed = [&](const char* what) {
      return fatal_error(absl::StatusCode::kFailedPrecondition,
                         absl::StrCat(where, ": cannot ", what, ": ", error.message(),
                                      "; set http.address and http.port to what is free here"));
    };
    if (acceptor_.open(endpoint.protocol(), error)) return failed("open");
    if (acceptor_.set_option(tcp::acceptor::reuse_address(true), error)) return failed("open");
    if (acceptor_.bind(endpoint, error)) return failed("bind");
    if (acceptor_.listen(asio::socket_base::max_listen_connections, error)) return failed("listen");
    port_ = acceptor_.local_endpoint(error).port();
    // The last connection to go ends the grace: nothing is left to wait for.
    shared_->on_last_closed = [weak = weak_from_this()] {
      if (auto self = weak.lock()) asio::post(self->strand_, [self] { self->grace_.cancel(); });
    };
    accept();
    return absl::OkStatus();
  }

  std::uint16_t port() const { return port_; }

  // Any thread.
  void stop() {
    asio::post(strand_, [self = shared_from_this()] { self->stop_here(); });
  }

 private:
  void accept() {
    acceptor_.async_accept(asio::make_strand(context_), [self = shared_from_this()](ErrorCode error, tcp::socket socket) {
      self->on_accept(error, std::move(socket));
    });
  }

  void on_accept(ErrorCode error, tcp::socket socket) {
    if (!acceptor_.is_open()) return;
    if (error) {
      // Out of file descriptors, mostly: waiting a little lets some connections end.
      pause_.expires_after(std::chrono::milliseconds(100));
      pause_.async_wait([self = shared_from_this()](ErrorCode cancelled) {
        if (!cancelled && self->acceptor_.is_open()) self->accept();
      });
      return;
    }
    std::size_t open;
    {
      absl::ReaderMutexLock lock(&shared_->mutex);
      open = shared_->connections.size();
    }
    auto connection = std::make_shared<Connection>(std::move(socket), shared_);
    open < shared_->options.max_connections ? connection->start() : connection->refuse();
    accept();
  }

  void stop_here() {
    ErrorCode ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    const auto connections = open_connections(true);
    for (const auto& connection : connections) connection->stop();
    if (connections.empty()) return;
    grace_.expires_after(shared_->options.stop_grace);
    grace_.async_wait([self = shared_from_this()](ErrorCode cancelled) {
      if (cancelled) return;
      for (const auto& connection : self->open_connections(true)) connection->close();
    });
  }

  std::vector<std::shared_ptr<Connection>> open_connections(bool stopping) {
    std::vector<std::shared_ptr<Connection>> open;
    absl::MutexLock lock(&shared_->mutex);
    shared_->stopping = stopping;
    for (const auto& [raw, weak] : shared_->connections)
      if (auto connection = weak.lock()) open.push_back(std::move(connection));
    return open;
  }

  asio::io_context& context_;
  asio::strand<asio::io_context::executor_type> strand_;
  tcp::acceptor acceptor_;
  asio::steady_timer pause_, grace_;
  std::shared_ptr<Shared> shared_;
  std::uint16_t port_ = 0;
};

}  // namespace

struct HttpServer::Impl {
  std::unique_ptr<asio::io_context> own;  // null: the caller's
  std::shared_ptr<Shared> shared;
  std::shared_ptr<Listener> listener;
  std::thread thread;
  bool stopped = false;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::start(const HttpOptions& options, Router router,
                                                              Metrics& metrics) {
  auto own = std::make_unique<asio::io_context>(1);
  RIFFLE_ASSIGN_OR_RETURN(auto server, start(options, std::move(router), metrics, *own));
  server->impl_->own = std::move(own);
  server->impl_->thread = std::thread([context = server->impl_->own.get()] { context->run(); });
  return server;
}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::start(const HttpOptions& options, Router router, Metrics& metrics,
                                                              asio::io_context& context) {
  auto impl = std::make_unique<Impl>();
  impl->shared = std::make_shared<Shared>(options, std::move(router), metrics);
  impl->listener = std::make_shared<Listener>(context, impl->shared);
  RIFFLE_RETURN_IF_ERROR(impl->listener->listen());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::~HttpServer() {
  stop();
  impl_->listener.reset();
  impl_->own.reset();
}

std::uint16_t HttpServer::port() const { return impl_->listener->port(); }

void HttpServer::stop() {
  if (impl_->stopped) return;
  impl_->stopped = true;
  RIFFLE_CHECK(impl_->thread.get_id() != std::this_thread::get_id(), "HttpServer::stop called from a handler");
  impl_->listener->stop();
  if (!impl_->own) return;
  impl_->thread.join();  // the io_context has run out of work: everything is closed
  absl::MutexLock lock(&impl_->shared->mutex);
  impl_->shared->alive = false;
}

}  // namespace riffle::http
