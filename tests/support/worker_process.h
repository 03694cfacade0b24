// `riffle run` as a process of its own, with pages on a free port.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/support/http_get.h"
#include "tests/support/kafka.h"
#include "tests/support/process.h"

namespace riffle::testing {

class WorkerProcess {
 public:
  // `options` come after `run`; the pages' port is set here.
  explicit WorkerProcess(std::vector<std::string> options)
      : process_(arguments(std::move(options))) {}

  // False where it ended, or did not open its pages in time.
  bool await_pages() {
    return await([&] { return port() != 0 || !process_.running(); }) && port() != 0;
  }
  bool await_ready(std::chrono::milliseconds most = std::chrono::seconds(60)) {
    return await_pages() &&
           await([&] { return page("/readyz").status == 200 || !process_.running(); }, most) &&
           process_.running();
  }
  Page page(const std::string& path) const { return port() == 0 ? Page{} : http_get(port(), path); }

  Process& process() { return process_; }

 private:
  static std::vector<std::string> arguments(std::vector<std::string> options) {
    std::vector<std::string> all = {riffle_binary(), "run", "--set", "http.port=0"};
    all.insert(all.end(), options.begin(), options.end());
    return all;
  }
  // As its log says it.
  std::uint16_t port() const {
    static const std::string kSaid = "pages on http://127.0.0.1:";
    const std::string log = process_.err();
    const std::size_t at = log.find(kSaid);
    return at == std::string::npos
               ? std::uint16_t{0}
               : static_cast<std::uint16_t>(std::atoi(log.c_str() + at + kSaid.size()));
  }

  Process process_;
};

}  // namespace riffle::testing
