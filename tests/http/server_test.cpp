#include "http/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <string>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace riffle::http {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A client made of a socket, so that what travels is seen as it is.
class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    timeval limit{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  ~Client() { ::close(socket_); }
  Client(const Client&) = delete;

  bool connected() const { return connected_; }

  void send(const std::string& bytes) {
    std::size_t sent = 0;
    while (sent < bytes.size()) {
      const auto n = ::send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) return;
      sent += static_cast<std::size_t>(n);
    }
  }

  // One answer with a Content-Length (a HEAD's has no body).
  std::string receive(bool head = false) {
    while (true) {
      const auto end = buffer_.find("\r\n\r\n");
      if (end != std::string::npos) {
        std::size_t length = 0;
        const auto field = buffer_.find("Content-Length: ");
        if (!head && field < end) length = std::stoul(buffer_.substr(field + 16));
        if (buffer_.size() >= end + 4 + length) {
          std::string answer = buffer_.substr(0, end + 4 + length);
          buffer_.erase(0, answer.size());
          return answer;
        }
      }
      if (!more()) return "closed: " + buffer_;
    }
  }

  // Waits for the server to close; true when nothing was left unread.
  bool closed() {
    while (more()) {
    }
    return buffer_.empty();
  }

  std::string ask(const std::string& method, const std::string& target, const std::string& body = "") {
    send(absl::StrCat(method, " ", target, " HTTP/1.1\r\nHost: test\r\nContent-Length: ", body.size(), "\r\n\r\n", body));
    return receive(method == "HEAD");
  }

 private:
  bool more() {
    char bytes[4096];
    const auto n = ::recv(socket_, bytes, sizeof bytes, 0);
    if (n <= 0) return false;
    buffer_.append(bytes, static_cast<std::size_t>(n));
    return true;
  }

  int socket_;
  bool connected_ = false;
  std::string buffer_;
};

Router routes() {
  Router router;
  router.add("GET", "/healthz", answer_at_once([](const HttpRequest&) {
               HttpResponse response;
               response.body = "{\"ok\":true}";
               return response;
             }));
  router.add("GET", "/text", answer_at_once([](const HttpRequest& request) {
               HttpResponse response;
               response.content_type = "text/plain; version=0.0.4";
               response.body = "agent=" + (request.headers.count("user-agent") ? request.headers.at("user-agent") : "");
               response.headers.emplace_back("X-Extra", "1");
               return response;
             }));
  router.add("POST", "/echo/{name}", answer_at_once([](const HttpRequest& request) {
               HttpResponse response;
               response.status = 201;
               response.body = request.parameters.at("name") + ":" + request.body;
               return response;
             }));
  return router;
}

class ServerTest : public ::testing::Test {
 protected:
  void start(HttpOptions options, Router router) {
    options.port = 0;
    auto server = HttpServer::start(options, std::move(router), metrics_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    ASSERT_NE(server_->port(), 0);
  }
  void start() { start({}, routes()); }

  Metrics metrics_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(ServerTest, AnswersManyRequestsOnOneConnection) {
  start();
  Client client(server_->port());
  for (int i = 0; i < 50; ++i) {
    const std::string answer = client.ask("GET", "/healthz");
    ASSERT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer, HasSubstr("Content-Type: application/json\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\n\r\n{\"ok\":true}"));
  }
  EXPECT_THAT(metrics_.exposition(), HasSubstr("riffle_http_responses_total{status=\"200\"} 50"));
}

TEST_F(ServerTest, PassesHeadersParametersAndBodiesThrough) {
  start();
  Client client(server_->port());
  client.send("GET /text HTTP/1.1\r\nHost: x\r\nUser-Agent: riffle-test\r\n\r\n");
  const std::string text = client.receive();
  EXPECT_THAT(text, HasSubstr("agent=riffle-test"));
  EXPECT_THAT(text, HasSubstr("X-Extra: 1\r\n"));
  EXPECT_THAT(text, HasSubstr("Content-Type: text/plain; version=0.0.4\r\n"));
  const std::string echoed = client.ask("POST", "/echo/a%2Fb", std::string(100000, 'x'));
  EXPECT_THAT(echoed, StartsWith("HTTP/1.1 201 Created\r\n"));
  EXPECT_THAT(echoed, HasSubstr("a/b:" + std::string(100000, 'x')));
}

TEST_F(ServerTest, PipelinedRequestsAreAnsweredInOrder) {
  start();
  Client client(server_->port());
  std::string all;
  for (int i = 0; i < 5; ++i)
    all += absl::StrCat("POST /echo/n", i, " HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n", i);
  client.send(all);
  for (int i = 0; i < 5; ++i) EXPECT_THAT(client.receive(), HasSubstr(absl::StrCat("n", i, ":", i)));
}

TEST_F(ServerTest, HeadGetsTheHeaderAndLengthWithoutTheBody) {
  start();
  Client client(server_->port());
  const std::string answer = client.ask("HEAD", "/healthz");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 11\r\n"));
  EXPECT_THAT(client.ask("GET", "/healthz"), HasSubstr("\r\n\r\n{\"ok\":true}"));
}

TEST_F(ServerTest, ErrorsAreJson) {
  start();
  Client client(server_->port());
  EXPECT_THAT(client.ask("GET", "/nowhere"), HasSubstr("{\"error\":{\"code\":\"not_found\""));
  const std::string wrong = client.ask("DELETE", "/healthz");
  EXPECT_THAT(wrong, StartsWith("HTTP/1.1 405 Method Not Allowed\r\n"));
  EXPECT_THAT(wrong, HasSubstr("Allow: GET, HEAD\r\n"));
  EXPECT_THAT(client.ask("GET", "/healthz?a=%"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(client.ask("GET", "/healthz"), StartsWith("HTTP/1.1 200"));  // the connection has lived through all
}

TEST_F(ServerTest, WhatIsNotHttpGets400AndTheConnectionEnds) {
  start();
  Client client(server_->port());
  client.send("\x16\x03\x01 this is no HTTP\r\n\r\n");
  EXPECT_THAT(client.receive(), StartsWith("HTTP/1.1 400"));
  EXPECT_TRUE(client.closed());
}

TEST_F(ServerTest, HeadersAndBodiesOverTheirLimitsAreRefused) {
  HttpOptions options;
  options.header_bytes = 2000;
  options.body_bytes = 1000;
  start(options, routes());
  {
    Client client(server_->port());
    EXPECT_THAT(client.ask("POST", "/echo/a", std::string(1000, 'x')), StartsWith("HTTP/1.1 201"));
    EXPECT_THAT(client.ask("POST", "/echo/a", std::string(300000, 'x')), StartsWith("HTTP/1.1 413"));
    EXPECT_TRUE(client.closed());
  }
  Client client(server_->port());
  client.send("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + std::string(5000, 'x') + "\r\n\r\n");
  EXPECT_THAT(client.receive(), StartsWith("HTTP/1.1 431"));
  EXPECT_TRUE(client.closed());
}

TEST_F(ServerTest, AClientThatWaitsForContinueGetsIt) {
  start();
  Client client(server_->port());
  client.send("POST /echo/a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_THAT(client.receive(), StartsWith("HTTP/1.1 100"));
  client.send("abc");
  EXPECT_THAT(client.receive(), HasSubstr("a:abc"));
}

TEST_F(ServerTest, ConnectionCloseIsHonoured) {
  start();
  Client client(server_->port());
  client.send("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.receive(), HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(client.closed());
}

TEST_F(ServerTest, SlowClientsAreCutOff) {
  HttpOptions options;
  options.idle_timeout = 50ms;
  options.transfer_timeout = 50ms;
  start(options, routes());
  Client idle(server_->port()), half_header(server_->port()), half_body(server_->port());
  half_header.send("GET /healthz HT");
  half_body.send("POST /echo/a HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_TRUE(idle.closed());
  EXPECT_TRUE(half_header.closed());
  EXPECT_TRUE(half_body.closed());
}

TEST_F(ServerTest, OneClientTooManyIsToldSo) {
  HttpOptions options;
  options.max_connections = 2;
  start(options, routes());
  Client first(server_->port()), second(server_->port());
  EXPECT_THAT(first.ask("GET", "/healthz"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(second.ask("GET", "/healthz"), StartsWith("HTTP/1.1 200"));
  Client third(server_->port());
  EXPECT_THAT(third.ask("GET", "/healthz"), StartsWith("HTTP/1.1 503"));
  EXPECT_TRUE(third.closed());
  EXPECT_THAT(first.ask("GET", "/healthz"), StartsWith("HTTP/1.1 200"));
}

TEST_F(ServerTest, AnAnswerMayComeLaterFromAnotherThreadAndOnlyOnce) {
  Router router = routes();
  std::promise<Respond> promise;
  router.add("POST", "/later", [&](HttpRequest, Respond respond) { promise.set_value(std::move(respond)); });
  start({}, std::move(router));
  Client client(server_->port()), other(server_->port());
  client.send("POST /later HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
  Respond respond = promise.get_future().get();
  EXPECT_THAT(other.ask("GET", "/healthz"), StartsWith("HTTP/1.1 200"));  // the server is not held up
  HttpResponse response;
  response.body = "at last";
  std::thread([&] { respond(response); }).join();
  EXPECT_THAT(client.receive(), HasSubstr("at last"));
  respond(response);
  EXPECT_THAT(client.ask("GET", "/healthz"), HasSubstr("{\"ok\":true}"));
}

TEST_F(ServerTest, AHandlerThatNeverAnswersIsAnsweredFor) {
  Router router = routes();
  Respond kept;
  router.add("GET", "/never", [&](HttpRequest, Respond respond) { kept = std::move(respond); });
  HttpOptions options;
  options.answer_timeout = 50ms;
  start(options, std::move(router));
  Client client(server_->port());
  EXPECT_THAT(client.ask("GET", "/never"), StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(client.ask("GET", "/healthz"), StartsWith("HTTP/1.1 200"));
  kept({});
  EXPECT_THAT(client.ask("GET", "/healthz"), HasSubstr("{\"ok\":true}"));
}

TEST_F(ServerTest, StoppingClosesIdleConnectionsAndLetsRequestsUnderWayFinish) {
  Router router = routes();
  std::promise<Respond> promise;
  router.add("GET", "/later", [&](HttpRequest, Respond respond) { promise.set_value(std::move(respond)); });
  start({}, std::move(router));
  Client idle(server_->port()), busy(server_->port());
  EXPECT_THAT(idle.ask("GET", "/healthz"), StartsWith("HTTP/1.1 200"));
  busy.send("GET /later HTTP/1.1\r\n\r\n");
  Respond respond = promise.get_future().get();
  std::thread stopping([&] { server_->stop(); });
  EXPECT_TRUE(idle.closed());  // so it is stopping now
  HttpResponse response;
  response.body = "done";
  respond(response);
  const std::string answer = busy.receive();
  EXPECT_THAT(answer, HasSubstr("done"));
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(busy.closed());
  stopping.join();
  EXPECT_FALSE(Client(server_->port()).connected());
}

TEST_F(ServerTest, StoppingDoesNotWaitForeverForAHandler) {
  Router router;
  std::promise<Respond> promise;
  router.add("GET", "/never", [&](HttpRequest, Respond respond) { promise.set_value(std::move(respond)); });
  HttpOptions options;
  options.stop_grace = 30ms;
  start(options, std::move(router));
  Client client(server_->port());
  client.send("GET /never HTTP/1.1\r\n\r\n");
  Respond kept = promise.get_future().get();
  server_->stop();
  EXPECT_TRUE(client.closed());
  server_.reset();
  kept({});  // nobody is left: nothing happens
}

TEST_F(ServerTest, APortInUseAndABadAddressAreNamed) {
  start();
  HttpOptions options;
  options.port = server_->port();
  auto second = HttpServer::start(options, {}, metrics_);
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(std::string(second.status().message()),
              HasSubstr(absl::StrCat("http: 127.0.0.1:", server_->port(), ": cannot bind: Address already in use")));
  options.address = "localhost:80";
  second = HttpServer::start(options, {}, metrics_);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("not an IP address"));
}

TEST(HttpServer, RunsOnTheCallersIoContext) {
  Metrics metrics;
  boost::asio::io_context context;
  HttpOptions options;
  options.port = 0;
  auto server = HttpServer::start(options, routes(), metrics, context);
  ASSERT_TRUE(server.ok()) << server.status();
  std::string answer;
  std::thread client([&, port = (*server)->port()] {
    Client c(port);
    c.send("GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n");
    answer = c.receive();
    c.closed();
  });
  while (context.run_one() > 0) {
    if (metrics.exposition().find("riffle_http_responses_total") != std::string::npos) (*server)->stop();
  }
  context.run();
  client.join();
  EXPECT_THAT(answer, HasSubstr("{\"ok\":true}"));
}

}  // namespace
}  // namespace riffle::http
