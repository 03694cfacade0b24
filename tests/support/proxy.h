// A TCP proxy on this machine, so that a test can hurt a network: cut it, make it slow, or let it swallow everything.
//
//   Proxy proxy;                       // listens at once, on a free port
//   proxy.forward_to("127.0.0.1:9092");
//   proxy.cut();                       // connections end, new ones are refused at once
//   proxy.mend();
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <deque>
#include <list>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/check.h"

namespace riffle::testing {

class Proxy {
 public:
  using Clock = std::chrono::steady_clock;

  Proxy() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    RIFFLE_CHECK(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0 && ::listen(listener_, 64) == 0 &&
                     ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0,
                 "a proxy cannot listen");
    port_ = ntohs(address.sin_port);
    wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    thread_ = std::thread([this] { run(); });
  }
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;
  ~Proxy() {
    change([this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { stopping_ = true; });
    thread_.join();
    ::close(listener_);
    ::close(wake_);
  }

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  void forward_to(const std::string& address) {
    const int port = std::atoi(address.substr(address.rfind(':') + 1).c_str());
    change([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { target_ = static_cast<std::uint16_t>(port); });
  }
  // Every connection ends, and those that come end at once.
  void cut() {
    change([this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { mode_ = Mode::kCut; });
  }
  // Connections stay and come, and nothing passes: as where a cable is pulled.
  void swallow() {
    change([this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { mode_ = Mode::kSwallow; });
  }
  // Each piece arrives so much later, and only so many bytes a second pass in each direction of a connection.
  void slow(std::chrono::milliseconds later, std::size_t bytes_a_second) {
    change([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      mode_ = Mode::kPass;
      later_ = later;
      bytes_a_second_ = bytes_a_second;
    });
  }
  void mend() {
    change([this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      mode_ = Mode::kPass;
      later_ = {};
      bytes_a_second_ = 0;
    });
  }

 private:
  enum class Mode { kPass, kCut, kSwallow };
  struct Piece {
    Clock::time_point due;
    std::string bytes;
  };
  struct Direction {
    int from, to;
    std::deque<Piece> queue = {};
    std::size_t queued = 0;
    Clock::time_point free = {};  // when what passed before has passed
    bool ended = false;
  };
  struct Connection {
    int client, broker;
    Direction up, down;
    bool over = false;
  };
  static constexpr std::size_t kMostQueued = 1 << 20;

  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }

  template <class F>
  void change(F&& f) {
    {
      absl::MutexLock lock(&mutex_);
      f();
    }
    const std::uint64_t one = 1;
    (void)!::write(wake_, &one, sizeof one);
  }

  void run() {
    while (true) {
      Mode mode;
      std::uint16_t target;
      {
        absl::MutexLock lock(&mutex_);
        if (stopping_) break;
        mode = mode_, target = target_;
        now_later_ = later_, now_rate_ = bytes_a_second_;
      }
      if (mode == Mode::kCut)
        for (Connection& connection : connections_) connection.over = true;
      std::vector<pollfd> watched = {{listener_, POLLIN, 0}, {wake_, POLLIN, 0}};
      auto wait = std::chrono::milliseconds(1000);
      if (mode == Mode::kPass) {
        for (Connection& connection : connections_) {
          for (Direction* direction : {&connection.up, &connection.down}) {
            if (!direction->ended && direction->queued < kMostQueued) watched.push_back({direction->from, POLLIN, 0});
            if (direction->queue.empty()) continue;
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(direction->queue.front().due - Clock::now());
            if (left.count() <= 0) watched.push_back({direction->to, POLLOUT, 0});
            else wait = std::min(wait, left);
          }
        }
      }
      ::poll(watched.data(), watched.size(), static_cast<int>(wait.count()));
      std::uint64_t woken;
      (void)!::read(wake_, &woken, sizeof woken);
      accept_new(mode, target);
      if (mode == Mode::kPass)
        for (Connection& connection : connections_) {
          move(connection, connection.up);
          move(connection, connection.down);
        }
      connections_.remove_if([](const Connection& connection) {
        if (!connection.over) return false;
        ::close(connection.client);
        ::close(connection.broker);
        return true;
      });
    }
    for (const Connection& connection : connections_) {
      ::close(connection.client);
      ::close(connection.broker);
    }
  }

  void accept_new(Mode mode, std::uint16_t target) {
    for (int client; (client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0;) {
      const int broker = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      sockaddr_in address = loopback(target);
      if (mode == Mode::kCut || ::connect(broker, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        ::close(client);
        ::close(broker);
        continue;
      }
      connections_.push_back({client, broker, {client, broker}, {broker, client}});
    }
  }

  void move(Connection& connection, Direction& direction) {
    char buffer[65536];
    while (!direction.ended && direction.queued < kMostQueued) {
      const ssize_t got = ::recv(direction.from, buffer, sizeof buffer, MSG_DONTWAIT);
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) break;
      if (got <= 0) {
        direction.ended = true;
        break;
      }
      const auto now = Clock::now();
      direction.free = std::max(direction.free, now);
      if (now_rate_ > 0) direction.free += std::chrono::microseconds(1'000'000 * got / static_cast<ssize_t>(now_rate_));
      direction.queue.push_back({direction.free + now_later_, std::string(buffer, static_cast<std::size_t>(got))});
      direction.queued += static_cast<std::size_t>(got);
    }
    while (!direction.queue.empty() && direction.queue.front().due <= Clock::now()) {
      std::string& bytes = direction.queue.front().bytes;
      const ssize_t put = ::send(direction.to, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (put < 0) {
        if (errno != EAGAIN && errno != EINTR) connection.over = true;
        return;
      }
      direction.queued -= static_cast<std::size_t>(put);
      bytes.erase(0, static_cast<std::size_t>(put));
      if (!bytes.empty()) return;
      direction.queue.pop_front();
    }
    if (direction.ended && direction.queue.empty()) connection.over = true;
  }

  int listener_ = -1, wake_ = -1;
  std::uint16_t port_ = 0;

  absl::Mutex mutex_;
  Mode mode_ ABSL_GUARDED_BY(mutex_) = Mode::kPass;
  std::uint16_t target_ ABSL_GUARDED_BY(mutex_) = 0;
  std::chrono::milliseconds later_ ABSL_GUARDED_BY(mutex_){0};
  std::size_t bytes_a_second_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  // The thread's own.
  std::list<Connection> connections_;
  std::chrono::milliseconds now_later_{0};
  std::size_t now_rate_ = 0;

  std::thread thread_;  // last: it uses all of the above
};

}  // namespace riffle::testing
