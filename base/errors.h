// The environment's errors: absl::Status with a payload that answers "will the same call help later?".
//
// retriable: the same call may succeed later (broker away, disk busy). fatal: it never will; stop and say so.
// A status without a payload is fatal to the call but says nothing of the rest.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace riffle {

enum class ErrorClass { kUnclassified, kRetriable, kFatal };

// `message` says what was wrong, where, and what to do.
absl::Status retriable_error(std::string_view message);
absl::Status fatal_error(absl::StatusCode code, std::string_view message);
ErrorClass error_class(const absl::Status& status);
// The same code and payload with `where` in front of the message.
absl::Status annotate(const absl::Status& status, std::string_view where);

}  // namespace riffle

#define RIFFLE_RETURN_IF_ERROR(expression)                     \
  do {                                                         \
    if (::absl::Status status_ = (expression); !status_.ok()) return status_; \
  } while (false)

#define RIFFLE_CONCAT_(a, b) a##b
#define RIFFLE_CONCAT(a, b) RIFFLE_CONCAT_(a, b)
// RIFFLE_ASSIGN_OR_RETURN(auto value, call());
#define RIFFLE_ASSIGN_OR_RETURN(target, expression)                              \
  auto RIFFLE_CONCAT(result_, __LINE__) = (expression);                          \
  if (!RIFFLE_CONCAT(result_, __LINE__).ok()) return RIFFLE_CONCAT(result_, __LINE__).status(); \
  target = *std::move(RIFFLE_CONCAT(result_, __LINE__))
