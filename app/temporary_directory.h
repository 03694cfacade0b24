// A directory of a run's own, removed with it.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace riffle::app {

class TemporaryDirectory {
 public:
  TemporaryDirectory() = default;
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();

  // Under the system's directory for such; `name` begins its name. ResourceExhausted or PermissionDenied where it
  // cannot be.
  absl::Status make(const std::string& name);
  const std::string& path() const { return path_; }  // empty before it was made

 private:
  std::string path_;
};

}  // namespace riffle::app
