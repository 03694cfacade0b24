#include "http/connection.h"

#include <string>
#include <utility>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

namespace riffle::http {

namespace asio = boost::asio;
namespace beast = boost::beast;

namespace {

constexpr std::size_t kMostDrained = 8 << 20;
constexpr std::size_t kDrainChunk = 64 << 10;
constexpr std::chrono::seconds kDrainTime{2};

}  // namespace

Shared::Shared(const HttpOptions& o, Router r, Metrics& m)
    : options(o), router(std::move(r)), metrics(m), open(m.gauge("riffle_http_connections", "Open HTTP connections")) {}

Connection::Connection(asio::ip::tcp::socket socket, std::shared_ptr<Shared> shared)
    : shared_(std::move(shared)), stream_(std::move(socket)), deadline_(stream_.get_executor()) {}

Connection::~Connection() {
  bool last = false;
  {
    absl::MutexLock lock(&shared_->mutex);
    if (shared_->connections.erase(this) == 0) return;
    last = shared_->stopping && shared_->connections.empty() && shared_->alive;
  }
  shared_->open.Decrement();
  if (last) shared_->on_last_closed();
}

void Connection::start() {
  {
    absl::MutexLock lock(&shared_->mutex);
    if (shared_->stopping) return;
    shared_->connections.emplace(this, weak_from_this());
  }
  shared_->open.Increment();
  asio::dispatch(stream_.get_executor(), [self = shared_from_this()] { self->read(); });
}

void Connection::refuse() {
  drain_ = true;
  asio::dispatch(stream_.get_executor(), [self = shared_from_this()] {
    self->write(error_response(503, "too_many_connections", "the server has as many connections as it takes"));
  });
}

void Connection::stop() {
  asio::post(stream_.get_executor(), [self = shared_from_this()] {
    self->stopping_ = true;
    self->keep_alive_ = false;
    if (self->idle_) self->stream_.close();
  });
}

void Connection::close() {
  asio::post(stream_.get_executor(), [self = shared_from_this()] {
    ++self->turn_;
    self->deadline_.cancel();
    self->stream_.close();
  });
}

void Connection::read() {
  parser_.emplace();
  set_limits(*parser_, shared_->options);
  idle_ = true;
  stream_.expires_after(shared_->options.idle_timeout);
  beast::http::async_read_header(stream_, buffer_, *parser_,
                                 [self = shared_from_this()](ErrorCode error, std::size_t) { self->on_header(error); });
}

void Connection::on_header(ErrorCode error) {
  idle_ = false;
  if (error) return on_bad_request(error);
  if (!beast::iequals(parser_->get()[beast::http::field::expect], "100-continue")) return read_body();
  // The client sends the body only after this.
  auto go_on = std::make_shared<beast::http::response<beast::http::empty_body>>(beast::http::status::continue_, 11);
  stream_.expires_after(shared_->options.transfer_timeout);
  beast::http::async_write(stream_, *go_on, [self = shared_from_this(), go_on](ErrorCode written, std::size_t) {
    if (!written) self->read_body();
  });
}

void Connection::read_body() {
  stream_.expires_after(shared_->options.transfer_timeout);
  beast::http::async_read(stream_, buffer_, *parser_,
                          [self = shared_from_this()](ErrorCode error, std::size_t) { self->on_body(error); });
}

void Connection::on_body(ErrorCode error) { error ? on_bad_request(error) : dispatch(); }

void Connection::on_bad_request(ErrorCode failure) {
  using Error = beast::http::error;
  keep_alive_ = false;
  head_ = false;
  drain_ = true;
  if (failure == Error::end_of_stream) {
    ErrorCode ignored;
    stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  } else if (failure == Error::header_limit) {
    write(error_response(431, "header_too_large", "the request's header is over the limit"));
  } else if (failure == Error::body_limit) {
    write(error_response(413, "body_too_large", "the request's body is over the limit"));
  } else if (failure.category() == beast::http::make_error_code(Error::bad_method).category() &&
             failure != Error::partial_message) {
    write(error_response(400, "bad_request", "this is not HTTP: " + failure.message()));
  }  // else the client has gone, or was too slow: the connection ends here
}

void Connection::dispatch() {
  const auto message = parser_->release();
  HttpRequest request;
  const bool understood = take_request(message, request);
  keep_alive_ = message.keep_alive() && !stopping_;
  head_ = request.method == "HEAD";
  if (!understood)
    return write(error_response(400, "bad_target", "the request's target has a percent sign without two digits"));

  const std::uint64_t turn = ++turn_;
  deadline_.expires_after(shared_->options.answer_timeout);
  deadline_.async_wait([self = shared_from_this(), turn](ErrorCode cancelled) {
    if (!cancelled) self->answer(turn, error_response(503, "timeout", "no answer in time; try again"));
  });
  shared_->router.dispatch(std::move(request), respond_to(turn));
}

Respond Connection::respond_to(std::uint64_t turn) {
  return [shared = shared_, weak = weak_from_this(), turn](HttpResponse response) {
    // Under the lock from the first reference to its hand-over: the io_context outlives both.
    absl::ReaderMutexLock lock(&shared->mutex);
    if (!shared->alive) return;
    std::shared_ptr<Connection> self = weak.lock();
    if (!self) return;
    const auto executor = self->stream_.get_executor();
    asio::post(executor, [self = std::move(self), turn, response = std::move(response)]() mutable {
      self->answer(turn, std::move(response));
    });
  };
}

void Connection::answer(std::uint64_t turn, HttpResponse response) {
  if (turn != turn_) return;
  ++turn_;
  deadline_.cancel();
  write(std::move(response));
}

void Connection::write(HttpResponse response) {
  shared_->metrics
      .counter("riffle_http_responses_total", "HTTP answers by status", {{"status", std::to_string(response.status)}})
      .Increment();
  const auto send = [this](auto message, HttpResponse& from, std::size_t length) {
    message->version(11);
    message->result(static_cast<unsigned>(from.status));
    message->set(beast::http::field::content_type, from.content_type);
    message->set("X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : from.headers) message->set(name, value);
    message->content_length(length);
    message->keep_alive(keep_alive_);
    stream_.expires_after(shared_->options.transfer_timeout);
    beast::http::async_write(stream_, *message, [self = shared_from_this(), message](ErrorCode error, std::size_t) {
      self->on_written(error);
    });
  };
  const std::size_t length = response.body.size();
  if (head_) {
    send(std::make_shared<beast::http::response<beast::http::empty_body>>(), response, length);
  } else {
    auto message = std::make_shared<beast::http::response<beast::http::string_body>>();
    message->body() = std::move(response.body);
    send(message, response, length);
  }
}

void Connection::on_written(ErrorCode error) {
  if (error) return;
  if (keep_alive_ && !stopping_) return read();
  ErrorCode ignored;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  if (drain_) drain(kMostDrained);
}

// Closing while the client still sends would reset the connection, and with it the answer that he has not read yet.
void Connection::drain(std::size_t left) {
  buffer_.clear();
  stream_.expires_after(kDrainTime);
  stream_.async_read_some(buffer_.prepare(kDrainChunk),
                          [self = shared_from_this(), left](ErrorCode error, std::size_t bytes) {
                            if (!error && bytes < left) self->drain(left - bytes);
                          });
}

}  // namespace riffle::http
