// What a client sent, by the library's parser, and as our own request. Internal to http/: it shows Beast.
#pragma once

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "http/message.h"
#include "http/options.h"

namespace riffle::http {

using RequestParser = boost::beast::http::request_parser<boost::beast::http::string_body>;

void set_limits(RequestParser& parser, const HttpOptions& options);

// All but the route's parameters. False where the target cannot be decoded.
bool take_request(const RequestParser::value_type& received, HttpRequest& request);

}  // namespace riffle::http
