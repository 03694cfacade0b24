#include "http/router.h"

#include <set>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace riffle::http {
namespace {

std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    path.remove_prefix(path.front() == '/');
    const std::size_t end = path.find('/');
    segments.emplace_back(path.substr(0, end));
    path = end == std::string_view::npos ? std::string_view() : path.substr(end);
  }
  return segments;
}

bool is_parameter(const std::string& segment) { return segment.size() > 2 && segment.front() == '{' && segment.back() == '}'; }

bool matches(const std::vector<std::string>& pattern, const std::vector<std::string>& path,
             std::map<std::string, std::string>& parameters) {
  if (pattern.size() != path.size()) return false;
  parameters.clear();
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    std::string decoded;
    if (!percent_decode(path[i], false, decoded)) return false;
    if (!is_parameter(pattern[i])) {
      if (decoded != pattern[i]) return false;
    } else {
      if (decoded.empty()) return false;
      parameters[pattern[i].substr(1, pattern[i].size() - 2)] = decoded;
    }
  }
  return true;
}

}  // namespace

void Router::add(std::string method, std::string pattern, Handler handler) {
  RIFFLE_CHECK(!pattern.empty() && pattern.front() == '/', "pattern", pattern);
  routes_.push_back({std::move(method), segments_of(pattern), std::move(handler)});
}

void Router::dispatch(HttpRequest request, Respond respond) const {
  const std::vector<std::string> path = segments_of(request.path);
  const std::string asked = request.method == "HEAD" ? "GET" : request.method;
  std::set<std::string> allowed;
  for (const Route& route : routes_) {
    if (!matches(route.segments, path, request.parameters)) continue;
    if (route.method == asked) {
      request.method = asked;
      return route.handler(std::move(request), std::move(respond));
    }
    allowed.insert(route.method);
    if (route.method == "GET") allowed.insert("HEAD");
  }
  if (allowed.empty()) return respond(error_response(404, "not_found", "nothing is at " + request.path));
  std::string list;
  for (const std::string& method : allowed) list += (list.empty() ? "" : ", ") + method;
  HttpResponse response =
      error_response(405, "method_not_allowed", request.path + " answers " + list + ", not " + request.method);
  response.headers.emplace_back("Allow", list);
  respond(std::move(response));
}

}  // namespace riffle::http
