// A programmer's error: always on, prints the expression, the place and the values given, and aborts.
//   RIFFLE_CHECK(offset >= stored, "offset", offset.value(), "stored", stored.value());
#pragma once

#include <cstdio>
#include <cstdlib>
#include <sstream>

namespace riffle::internal {

template <class... Parts>
[[noreturn]] void check_failed(const char* file, int line, const char* expression, const Parts&... parts) {
  std::ostringstream text;
  ((text << ' ' << parts), ...);
  std::fprintf(stderr, "%s:%d: check failed: %s%s\n", file, line, expression, text.str().c_str());
  std::abort();
}

}  // namespace riffle::internal

#define RIFFLE_CHECK(expression, ...)                                                                    \
  (__builtin_expect(static_cast<bool>(expression), true)                                                 \
       ? void(0)                                                                                         \
       : ::riffle::internal::check_failed(__FILE__, __LINE__, #expression __VA_OPT__(, ) __VA_ARGS__))
