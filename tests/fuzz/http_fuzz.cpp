// A request as it comes over the wire: parsed within the server's limits, taken apart, and routed;
// whatever it says, it gets one answer.
#include <boost/asio/buffer.hpp>

#include "http/options.h"
#include "http/received.h"
#include "http/router.h"
#include "input.h"
#include "records/json_text.h"

namespace {

using namespace riffle;
using namespace riffle::http;

const Router& router() {
  static const Router routes = [] {
    Router made;
    const auto echo = answer_at_once([](const HttpRequest& request) {
      HttpResponse response;
      for (const auto& [name, value] : request.parameters) {
        RIFFLE_CHECK(!value.empty(), name);
        response.body += value;
      }
      return response;
    });
    made.add("GET", "/v1/users/{id}/recommendations", echo);
    made.add("GET", "/v1/items/{id}", echo);
    made.add("DELETE", "/v1/users/{id}", echo);
    made.add("GET", "/", echo);
    return made;
  }();
  return routes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const HttpOptions options{.header_bytes = 512, .body_bytes = 256};
  RequestParser parser;
  set_limits(parser, options);
  parser.eager(true);
  boost::system::error_code error;
  std::size_t used = 0;
  while (used < size && !parser.is_done()) {
    const std::size_t step = parser.put(boost::asio::buffer(data + used, size - used), error);
    used += step;
    if (error || step == 0) break;
  }
  if (error || !parser.is_done()) return 0;
  RIFFLE_CHECK(used <= size && parser.get().body().size() <= options.body_bytes);
  HttpRequest request;
  if (!take_request(parser.release(), request)) return 0;
  RIFFLE_CHECK(!request.method.empty());
  int answers = 0;
  router().dispatch(std::move(request), [&](const HttpResponse& response) {
    ++answers;
    RIFFLE_CHECK(response.status >= 200 && response.status < 600);
    if (response.status >= 400) RIFFLE_CHECK(records::minified_json(response.body), response.body);
  });
  RIFFLE_CHECK(answers == 1, answers);
  return 0;
}
