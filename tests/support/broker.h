// A broker of a test's own (tools/kafka), to be hurt: killed, stopped, started again, its disk filled.
#pragma once

#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "tests/support/await.h"
#include "tests/support/process.h"

namespace riffle::testing {

class Broker {
 public:
  // `options`: further ones of tools/kafka start, the same at every start.
  explicit Broker(std::string directory, std::vector<std::string> options = {})
      : directory_(std::move(directory)), options_(std::move(options)) {}
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;
  ~Broker() {
    go_on();
    finish({tool(), "stop", "--dir", directory_, "--clean"});
  }

  // Until it answers; on the port that it had. Empty, or what went wrong.
  std::string start() {
    std::vector<std::string> command = {tool(), "start", "--dir", directory_, "--port", port_.empty() ? "0" : port_};
    command.insert(command.end(), options_.begin(), options_.end());
    const Finished started = finish(command, "", std::chrono::seconds(180));
    if (started.code != 0) return started.err.empty() ? "tools/kafka start did not end" : started.err;
    address_ = started.out.substr(0, started.out.find('\n'));
    port_ = address_.substr(address_.rfind(':') + 1);
    return "";
  }
  bool stop() const { return finish({tool(), "stop", "--dir", directory_}).code == 0; }

  void kill() const {
    ::kill(pid(), SIGKILL);
    RIFFLE_CHECK(await([this] { return !running(); }), "the broker outlived SIGKILL");
  }
  void freeze() const { ::kill(pid(), SIGSTOP); }
  void go_on() const {
    if (running()) ::kill(pid(), SIGCONT);
  }
  bool running() const {
    const int process = pid();
    if (process <= 0 || ::kill(process, 0) != 0) return false;
    // A process that has ended and that nobody has waited for is still there.
    const std::string status = read_whole("/proc/" + std::to_string(process) + "/stat");
    const std::size_t name_ends = status.rfind(") ");
    return name_ends != std::string::npos && status[name_ends + 2] != 'Z';
  }

  const std::string& address() const { return address_; }
  // Of a listener that its options added: tls, scram or proxy.
  std::string address(const std::string& listener) const {
    const std::string text = read_whole(directory_ + "/" + listener + "-address");
    return text.substr(0, text.find('\n'));
  }
  const std::string& directory() const { return directory_; }
  std::string log() const { return read_whole(directory_ + "/server.log"); }

 private:
  static std::string tool() { return RIFFLE_SOURCE_DIR "/tools/kafka"; }
  int pid() const { return std::atoi(read_whole(directory_ + "/pid").c_str()); }

  const std::string directory_;
  const std::vector<std::string> options_;
  std::string port_, address_;
};

}  // namespace riffle::testing
