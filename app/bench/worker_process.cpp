#include "app/bench/worker_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <thread>

#include "absl/strings/str_cat.h"
#include "app/bench/page.h"

namespace riffle::app::bench {
namespace {

constexpr Milliseconds kLook{5};
constexpr std::size_t kLastWords = 2000;  // bytes of the log that an error repeats

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

absl::StatusOr<std::unique_ptr<WorkerProcess>> WorkerProcess::start(const std::vector<std::string>& arguments,
                                                                    const std::filesystem::path& log) {
  std::error_code error;
  std::string program = std::filesystem::read_symlink("/proc/self/exe", error).string();
  if (error) return absl::InternalError(absl::StrCat("cannot find this program's file: ", error.message()));
  std::vector<std::string> words{program, "run"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (output < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", log.string()));

  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) {
    // Only what is safe between fork and exec in a process with threads.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  const int fork_error = errno;
  ::close(output);
  if (pid < 0) return absl::ErrnoToStatus(fork_error, "cannot start a worker");
  return std::unique_ptr<WorkerProcess>(new WorkerProcess(pid, log));
}

WorkerProcess::~WorkerProcess() {
  if (ended_) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

absl::Status WorkerProcess::alive() {
  if (!ended_ && ::waitpid(pid_, &exit_, WNOHANG) == pid_) ended_ = true;
  if (!ended_) return absl::OkStatus();
  const std::string said = text_of(log_);
  return absl::AbortedError(absl::StrCat("the worker has ended (wait status ", exit_, "); its last lines:\n",
                                         said.substr(said.size() - std::min(said.size(), kLastWords))));
}

bool WorkerProcess::find_port() {
  constexpr std::string_view kSays = "pages on http://";
  const std::string said = text_of(log_);
  const std::size_t at = said.find(kSays);
  if (at == std::string::npos) return false;
  const std::size_t colon = said.find(':', at + kSays.size());
  if (colon == std::string::npos || said.find('/', colon) == std::string::npos) return false;
  port_ = static_cast<std::uint16_t>(std::strtoul(said.c_str() + colon + 1, nullptr, 10));
  return port_ != 0;
}

absl::StatusOr<std::chrono::duration<double>> WorkerProcess::await_ready(Milliseconds most) {
  std::string because = "it has no page yet";
  while (Steady::now() - began_ < most) {
    if (absl::Status status = alive(); !status.ok()) return status;
    if (port_ != 0 || find_port()) {
      const auto page = get_page(port_, "/readyz");
      if (page.ok() && page->status == 200) return Steady::now() - began_;
      because = page.ok() ? page->body : std::string(page.status().message());
    }
    std::this_thread::sleep_for(kLook);
  }
  return absl::DeadlineExceededError(absl::StrCat("the worker is not ready after ", most.count(), " ms: ", because));
}

absl::Status WorkerProcess::stop(Milliseconds most) {
  const auto began = Steady::now();
  ::kill(pid_, SIGTERM);
  while (alive().ok()) {
    if (Steady::now() - began > most) {
      return absl::DeadlineExceededError(absl::StrCat("the worker has not stopped within ", most.count(), " ms"));
    }
    std::this_thread::sleep_for(kLook);
  }
  return WIFEXITED(exit_) && WEXITSTATUS(exit_) == 0 ? absl::OkStatus() : alive();
}

absl::StatusOr<std::string> WorkerProcess::metrics_page() {
  auto page = get_page(port_, "/metrics");
  if (!page.ok()) return page.status();
  return std::move(page->body);
}

std::chrono::duration<double> WorkerProcess::cpu_time() const {
  // To the nanosecond, where /proc counts hundredths of a second.
  clockid_t clock = 0;
  timespec time{};
  if (::clock_getcpuclockid(pid_, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return {};
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

std::uint64_t WorkerProcess::status_bytes(const std::string& name) const {
  std::ifstream status(absl::StrCat("/proc/", pid_, "/status"));
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name)) return std::strtoull(line.c_str() + name.size(), nullptr, 10) * 1024;
  }
  return 0;
}

std::uint64_t WorkerProcess::resident_bytes() const { return status_bytes("VmRSS:"); }
std::uint64_t WorkerProcess::peak_resident_bytes() const { return status_bytes("VmHWM:"); }

}  // namespace riffle::app::bench
