// Which handler answers what: "/v1/users/{id}/recommendations" by segments, each {name} one of them, decoded after the
// path was split (so an id may hold a "%2F"). Unknown paths get 404, known ones with another method 405 with `Allow`.
#pragma once

#include <string>
#include <vector>

#include "http/message.h"

namespace riffle::http {

class Router {
 public:
  // Where two patterns match, the first added answers. HEAD is answered by GET's handler.
  void add(std::string method, std::string pattern, Handler handler);

  // Fills in request.parameters and calls the handler, or answers itself.
  void dispatch(HttpRequest request, Respond respond) const;

 private:
  struct Route {
    std::string method;
    std::vector<std::string> segments;
    Handler handler;
  };
  std::vector<Route> routes_;
};

}  // namespace riffle::http
