// `riffle run` as a process of its own, this very program, so that its CPU time and memory are its own. It dies with us.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/time.h"

namespace riffle::app::bench {

class WorkerProcess {
 public:
  using Steady = std::chrono::steady_clock;

  // `arguments` follow `riffle run`; they must give it a page on a loopback port, at log level info. What it says goes to
  // the file `log`.
  static absl::StatusOr<std::unique_ptr<WorkerProcess>> start(const std::vector<std::string>& arguments,
                                                              const std::filesystem::path& log);
  ~WorkerProcess();   // kills it if it still runs
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  // Waits for /readyz; answers the time since its start.
  absl::StatusOr<std::chrono::duration<double>> await_ready(Milliseconds most);
  // Aborted, with the last lines that it said, where it has ended.
  absl::Status alive();
  // Asks it to stop and waits until it has. An error where it takes longer or says that it failed.
  absl::Status stop(Milliseconds most);

  absl::StatusOr<std::string> metrics_page();
  std::chrono::duration<double> cpu_time() const;   // user and system, of all its threads; 0 once it has ended
  std::uint64_t resident_bytes() const;
  std::uint64_t peak_resident_bytes() const;
  pid_t pid() const { return pid_; }

 private:
  WorkerProcess(pid_t pid, std::filesystem::path log) : pid_(pid), log_(std::move(log)), began_(Steady::now()) {}
  bool find_port();
  std::uint64_t status_bytes(const std::string& name) const;

  const pid_t pid_;
  const std::filesystem::path log_;
  const Steady::time_point began_;
  std::uint16_t port_ = 0;
  bool ended_ = false;
  int exit_ = 0;
};

}  // namespace riffle::app::bench
