#include "app/progress.h"

#include <unistd.h>

#include <iostream>

namespace riffle::app {
namespace {

using Duration = std::chrono::steady_clock::duration;
constexpr auto kOnTerminal = std::chrono::milliseconds(200);
constexpr auto kElsewhere = std::chrono::seconds(5);

}  // namespace

std::string with_commas(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, ",");
  return text;
}

Progress::Progress(std::ostream& out)
    : out_(out),
      terminal_(&out == &std::cerr && isatty(STDERR_FILENO) == 1),
      next_(std::chrono::steady_clock::now() + (terminal_ ? Duration(0) : Duration(kElsewhere))) {}

Progress::~Progress() { clear(); }

bool Progress::due() {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return false;
  next_ = now + (terminal_ ? Duration(kOnTerminal) : Duration(kElsewhere));
  return true;
}

void Progress::show(const std::string& line) {
  // "\r" to the line's start, "\033[K" clears what was longer.
  if (terminal_) {
    out_ << '\r' << line << "\033[K" << std::flush;
  } else {
    out_ << line << std::endl;
  }
  shown_ = true;
}

void Progress::clear() {
  if (terminal_ && shown_) out_ << "\r\033[K" << std::flush;
  shown_ = false;
}

}  // namespace riffle::app
