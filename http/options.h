// The HTTP server, as configured.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/time.h"

namespace riffle::http {

struct HttpOptions {
  bool enabled = true;
  std::string address = "127.0.0.1";           // an IP address; loopback unless told otherwise
  std::uint16_t port = 8080;                   // 0: any free one
  std::size_t max_connections = 256;           // beyond it a client gets 503
  std::size_t header_bytes = 16 << 10;         // of a request; beyond it 431
  std::size_t body_bytes = 4 << 20;            // beyond it 413
  Milliseconds idle_timeout{std::chrono::seconds(60)};     // a connection without a whole request header
  Milliseconds transfer_timeout{std::chrono::seconds(10)}; // of a body, or of an answer
  Milliseconds answer_timeout{std::chrono::seconds(30)};   // of a handler; beyond it 503
  Milliseconds stop_grace{std::chrono::seconds(2)};        // for requests under way when the server stops
};

}  // namespace riffle::http
