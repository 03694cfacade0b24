// The program under test. Unlike tests/support/process.h it is killed at moments of microseconds,
// its output stays where a failed campaign keeps it, and it dies with the thread that started it.
// Waiting is poll() on its pidfd, so that its end is seen at once.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/check.h"

namespace riffle::crash {

class KillableProcess {
 public:
  // Its output is added to the end of `log`. It dies with the thread that started it. `environment`: NAME=VALUE, besides
  // this process's own.
  KillableProcess(const std::vector<std::string>& command, std::string log,
                  const std::vector<std::string>& environment = {})
      : log_(std::move(log)) {
    std::vector<char*> arguments;
    for (const std::string& argument : command)
      arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    const int out = ::open(log_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    RIFFLE_CHECK(out >= 0, "cannot write", log_);
    log_begins_ = static_cast<std::size_t>(::lseek(out, 0, SEEK_END));
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    RIFFLE_CHECK(pid_ >= 0, "cannot fork");
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != parent) ::_exit(127);  // the test ended in between
      ::dup2(out, STDOUT_FILENO);
      ::dup2(out, STDERR_FILENO);
      for (const std::string& variable : environment) ::putenv(const_cast<char*>(variable.c_str()));
      ::execv(arguments[0], arguments.data());
      ::_exit(127);
    }
    ::close(out);
    pidfd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
    RIFFLE_CHECK(pidfd_ >= 0, "pidfd_open");
  }
  KillableProcess(const KillableProcess&) = delete;
  KillableProcess& operator=(const KillableProcess&) = delete;
  ~KillableProcess() {
    kill();
    ::close(pidfd_);
  }

  // True if it has ended within this time.
  bool ends_within(std::chrono::microseconds time) {
    const timespec most{static_cast<time_t>(time.count() / 1'000'000),
                        static_cast<long>(time.count() % 1'000'000 * 1000)};
    pollfd watched{pidfd_, POLLIN, 0};
    return ended_ || ::ppoll(&watched, 1, &most, nullptr) > 0;
  }

  void kill() { signal(SIGKILL), wait(); }
  void terminate() { signal(SIGTERM); }

  // Waits for its end; the exit code, or 128 + the signal that ended it.
  int wait() {
    if (!ended_) {
      int status = 0;
      RIFFLE_CHECK(::waitpid(pid_, &status, 0) == pid_, "waitpid");
      exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      ended_ = true;
    }
    return exit_code_;
  }

  // Whether it has written this.
  bool said(std::string_view words) const { return log_text().find(words, log_begins_) != std::string::npos; }

  // The end of what it wrote, for a test's message.
  std::string last_words(std::size_t bytes = 3000) const {
    const std::string all = log_text();
    return absl::StrCat(log_, ":\n", all.size() > bytes ? all.substr(all.size() - bytes) : all);
  }

 private:
  std::string log_text() const {
    std::ifstream file(log_);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  void signal(int number) {
    if (!ended_) ::kill(pid_, number);
  }

  std::string log_;
  std::size_t log_begins_ = 0;  // its own words, after those of the ones before it
  pid_t pid_ = -1;
  int pidfd_ = -1;
  bool ended_ = false;
  int exit_code_ = 0;
};

}  // namespace riffle::crash
