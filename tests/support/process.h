// A program run by a test: its output goes to files, its end is waited for with a deadline, and it
// never outlives its object.
//
//   Process worker({binary, "run", "--kafka", address});
//   ASSERT_TRUE(await([&] { return worker.err().find("ready") != std::string::npos; }));
//   worker.signal(SIGTERM);
//   EXPECT_EQ(worker.wait(30s), 0);
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "base/check.h"
#include "tests/support/await.h"
#include "tests/support/scratch.h"

namespace riffle::testing {

inline std::string read_whole(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

class Process {
 public:
  // `argv[0]` is looked for in PATH. `input` is its standard input.
  explicit Process(const std::vector<std::string>& argv, const std::string& input = "") {
    const std::string in = scratch_.write("in", input);
    std::vector<char*> arguments;
    for (const std::string& argument : argv)
      arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    pid_ = fork();
    RIFFLE_CHECK(pid_ >= 0, "fork", argv.front());
    if (pid_ > 0) {
      pidfd_ = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
      RIFFLE_CHECK(pidfd_ >= 0, "pidfd_open", argv.front());
      return;
    }
    redirect(STDIN_FILENO, in, O_RDONLY);
    redirect(STDOUT_FILENO, scratch_ / "out", O_WRONLY | O_CREAT | O_TRUNC);
    redirect(STDERR_FILENO, scratch_ / "err", O_WRONLY | O_CREAT | O_TRUNC);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() {
    if (!ended_) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    close(pidfd_);
  }

  void signal(int number) const {
    if (!ended_) kill(pid_, number);
  }

  bool running() {
    reap();
    return !ended_;
  }

  // The exit code, 128 + n where signal n ended it, or -1 where it did not end in time.
  int wait(std::chrono::milliseconds most) {
    pollfd watched{pidfd_, POLLIN, 0};
    const auto end = std::chrono::steady_clock::now() + most;
    for (auto left = most; running(); left = remaining(end))
      if (poll(&watched, 1, static_cast<int>(left.count())) == 0) return -1;
    return *ended_;
  }

  std::string out() const { return read_whole(scratch_ / "out"); }
  std::string err() const { return read_whole(scratch_ / "err"); }

 private:
  static void redirect(int to, const std::string& path, int flags) {
    const int file = open(path.c_str(), flags, 0600);
    if (file < 0 || dup2(file, to) < 0) _exit(126);
  }

  static std::chrono::milliseconds remaining(std::chrono::steady_clock::time_point end) {
    const auto left = end - std::chrono::steady_clock::now();
    return std::max(std::chrono::ceil<std::chrono::milliseconds>(left), std::chrono::milliseconds(0));
  }

  void reap() {
    int status = 0;
    if (ended_ || waitpid(pid_, &status, WNOHANG) != pid_) return;
    ended_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  Scratch scratch_;
  pid_t pid_ = -1;
  int pidfd_ = -1;
  std::optional<int> ended_;
};

struct Finished {
  int code = 0;
  std::string out, err;
};

// Runs it to its end.
inline Finished finish(const std::vector<std::string>& argv, const std::string& input = "",
                       std::chrono::milliseconds most = std::chrono::seconds(120)) {
  Process process(argv, input);
  const int code = process.wait(most);
  return {code, process.out(), process.err()};
}

}  // namespace riffle::testing
