#include "base/errors.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"

namespace riffle {
namespace {

constexpr std::string_view kUrl = "riffle/error-class";

absl::Status with_class(absl::Status status, std::string_view name) {
  status.SetPayload(absl::string_view(kUrl.data(), kUrl.size()), absl::Cord(absl::string_view(name.data(), name.size())));
  return status;
}

}  // namespace

absl::Status retriable_error(std::string_view message) {
  return with_class(absl::UnavailableError(absl::string_view(message.data(), message.size())), "retriable");
}

absl::Status fatal_error(absl::StatusCode code, std::string_view message) {
  return with_class(absl::Status(code, absl::string_view(message.data(), message.size())), "fatal");
}

ErrorClass error_class(const absl::Status& status) {
  const auto payload = status.GetPayload(absl::string_view(kUrl.data(), kUrl.size()));
  if (!payload) return ErrorClass::kUnclassified;
  return *payload == "retriable" ? ErrorClass::kRetriable : ErrorClass::kFatal;
}

absl::Status annotate(const absl::Status& status, std::string_view where) {
  if (status.ok()) return status;
  absl::Status annotated(status.code(), absl::StrCat(std::string(where), ": ", status.message()));
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& value) { annotated.SetPayload(url, value); });
  return annotated;
}

}  // namespace riffle
