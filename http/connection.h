// One client's connection: read a request, let the router answer, write, read the next. Internal to http/: only its .cpp
// files include this header, because it shows Beast.
//
// Everything runs on the connection's strand. An operation under way, or the wait for a handler, keeps it alive.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "base/metrics.h"
#include "http/options.h"
#include "http/received.h"
#include "http/router.h"

namespace riffle::http {

class Connection;

// What all connections of a server share.
struct Shared {
  Shared(const HttpOptions& o, Router r, Metrics& m);

  const HttpOptions options;
  const Router router;
  Metrics& metrics;
  Gauge& open;

  absl::Mutex mutex;
  // False once the io_context may be gone: a late Respond must not touch it.
  bool alive ABSL_GUARDED_BY(mutex) = true;
  bool stopping ABSL_GUARDED_BY(mutex) = false;
  absl::flat_hash_map<Connection*, std::weak_ptr<Connection>> connections ABSL_GUARDED_BY(mutex);
  std::function<void()> on_last_closed;  // set before the first connection; called while stopping
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(boost::asio::ip::tcp::socket socket, std::shared_ptr<Shared> shared);
  ~Connection();

  void start();             // registers itself, reads
  void refuse();            // answers 503 and closes
  void stop();              // any thread: closes when it is idle, else after the answer
  void close();             // any thread: at once

 private:
  using ErrorCode = boost::system::error_code;

  void read();
  void on_header(ErrorCode error);
  void read_body();
  void on_body(ErrorCode error);
  void on_bad_request(ErrorCode failure);
  void dispatch();
  Respond respond_to(std::uint64_t turn);
  void answer(std::uint64_t turn, HttpResponse response);
  void write(HttpResponse response);
  void on_written(ErrorCode error);
  void drain(std::size_t left);

  std::shared_ptr<Shared> shared_;
  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_;
  std::optional<RequestParser> parser_;
  boost::asio::steady_timer deadline_;  // of the handler
  std::uint64_t turn_ = 0;              // of the request being answered; changes when it is
  bool idle_ = false;
  bool stopping_ = false;
  bool keep_alive_ = false;
  bool head_ = false;
  bool drain_ = false;                  // what the client still sends is read and dropped
};

}  // namespace riffle::http
