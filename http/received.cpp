#include "http/received.h"

namespace riffle::http {

void set_limits(RequestParser& parser, const HttpOptions& options) {
  parser.header_limit(static_cast<std::uint32_t>(options.header_bytes));
  parser.body_limit(options.body_bytes);
}

bool take_request(const RequestParser::value_type& received, HttpRequest& request) {
  request.method = std::string(received.method_string());
  for (const auto& field : received) {
    std::string name(field.name_string());
    for (char& c : name)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    std::string& value = request.headers[name];
    if (!value.empty()) value += ", ";
    value += std::string(field.value());
  }
  request.body = received.body();
  const auto target = received.target();
  return split_target(std::string_view(target.data(), target.size()), request);
}

}  // namespace riffle::http
