#include "app/bench/page.h"

#include <chrono>
#include <istream>
#include <iterator>

#include <boost/asio/ip/tcp.hpp>

#include "absl/strings/str_cat.h"

namespace riffle::app::bench {

absl::StatusOr<Page> get_page(std::uint16_t port, const std::string& path) {
  boost::asio::ip::tcp::iostream stream;
  stream.expires_after(std::chrono::seconds(10));
  stream.connect("127.0.0.1", std::to_string(port));
  // HTTP/1.0: the answer ends with the connection.
  stream << "GET " << path << " HTTP/1.0\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n" << std::flush;
  Page page;
  std::string version, line;
  if (!(stream >> version >> page.status)) {
    return absl::UnavailableError(absl::StrCat("no answer on 127.0.0.1:", port, path, ": ", stream.error().message()));
  }
  std::getline(stream, line);
  while (std::getline(stream, line) && line != "\r") {}
  page.body.assign(std::istreambuf_iterator<char>(stream), {});
  return page;
}

}  // namespace riffle::app::bench
