// One GET of a page on this machine.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

namespace riffle::testing {

struct Page {
  int status = 0;  // 0: nobody answered
  std::string body;
};

inline Page http_get(std::uint16_t port, const std::string& path) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    const std::string request = "GET " + path + " HTTP/1.0\r\nHost: localhost\r\n\r\n";
    (void)!write(socket, request.data(), request.size());
    char buffer[4096];
    for (ssize_t got = 0; (got = read(socket, buffer, sizeof buffer)) > 0;)
      answer.append(buffer, static_cast<std::size_t>(got));
  }
  close(socket);
  const auto space = answer.find(' '), end = answer.find("\r\n\r\n");
  if (space == std::string::npos || end == std::string::npos) return {};
  return {std::atoi(answer.c_str() + space), answer.substr(end + 4)};
}

}  // namespace riffle::testing
