// A request and its answer, without the library's types.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace riffle::http {

struct HttpRequest {
  std::string method;                             // GET, POST, …; a HEAD is a GET to its handler
  std::string path;                               // as sent, without the query
  std::map<std::string, std::string> parameters;  // of the route's pattern, decoded
  std::map<std::string, std::string> query;       // decoded; of a repeated name the last
  std::map<std::string, std::string> headers;     // names in lower case; repeated ones joined with ", "
  std::string body;
};

struct HttpResponse {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
};

// Answers once; further calls, and those after the client has gone or the server has stopped, do nothing. Any thread,
// at once or later.
using Respond = std::function<void(HttpResponse)>;
// Called on the server's thread, which it must not block.
using Handler = std::function<void(HttpRequest, Respond)>;

// For what needs no waiting.
Handler answer_at_once(std::function<HttpResponse(const HttpRequest&)> function);

// {"error":{"code":"not_found","message":"…"}}
HttpResponse error_response(int status, std::string_view code, std::string_view message);

// "a%20b" → "a b"; false where a percent sign is not followed by two hexadecimal digits. In a query '+' is a space.
bool percent_decode(std::string_view text, bool query, std::string& out);

// Takes "/a/b?x=1&y=" apart into path and query; false where it cannot be decoded.
bool split_target(std::string_view target, HttpRequest& request);

}  // namespace riffle::http
