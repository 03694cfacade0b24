// How far a long work has come, for the eye: a line that is written over on a terminal, a new line
// now and then elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <string>

namespace riffle::app {

// 1,234,567
std::string with_commas(std::uint64_t number);

class Progress {
 public:
  // `out` is a terminal only if it is std::cerr and that is one.
  explicit Progress(std::ostream& out);
  ~Progress();

  // True where it is time for news: at most a few times a second on a terminal, every few seconds
  // elsewhere.
  bool due();
  void show(const std::string& line);
  // Leaves the terminal's line clean for what follows.
  void clear();

 private:
  std::ostream& out_;
  const bool terminal_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point next_;
};

}  // namespace riffle::app
