// riffle_vw_driver text STREAM FILE           a stream as Vowpal Wabbit reads it
// riffle_vw_driver run STREAM SEED CONFIG …   Riffle's policies over it: a line of JSON for each configuration
// Run by bench/vw/compare.
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "bench/vw/bandit.h"
#include "bench/vw/stream.h"

namespace riffle::bench {
namespace {

absl::Status run(const std::string& path, std::uint64_t seed, std::span<const std::string> configs) {
  const auto stream = read_stream(path);
  if (!stream.ok()) return stream.status();
  for (const std::string& config : configs) {
    const auto options = parse_bandit(config);
    if (!options.ok()) return options.status();
    const BanditResult result = run_bandit(*stream, *options, seed);
    std::cout << "{\"regret\": " << result.regret << ", \"reward\": " << result.reward
              << ", \"seconds\": " << result.seconds << "}" << std::endl;
  }
  return absl::OkStatus();
}

absl::Status text(const std::string& path, const std::string& into) {
  const auto stream = read_stream(path);
  return stream.ok() ? write_vw_text(*stream, into) : stream.status();
}

}  // namespace
}  // namespace riffle::bench

int main(int argc, char** argv) {
  using namespace riffle::bench;
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  absl::Status status =
      absl::InvalidArgumentError("usage: riffle_vw_driver text STREAM FILE | run STREAM SEED CONFIG…");
  std::cout.precision(9);
  if (arguments.size() == 3 && arguments[0] == "text") {
    status = text(arguments[1], arguments[2]);
  } else if (arguments.size() > 3 && arguments[0] == "run") {
    status = run(arguments[1], std::strtoull(arguments[2].c_str(), nullptr, 10), std::span(arguments).subspan(3));
  }
  if (status.ok()) return 0;
  std::cerr << status << '\n';
  return 1;
}
