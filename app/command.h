// What every command of `riffle` is made of: it describes its options to the parser, and leaves
// behind what to do.
//
// A new command is app/commands/<name>.{h,cpp} with one function of the type AddCommand, and a line
// in command_line.cpp.
#pragma once

#include <functional>
#include <iosfwd>
#include <string>

#include "app/exit_codes.h"

namespace CLI {
class App;
}

namespace riffle::app {

// Where a command reads and writes; tests give their own. Results go to `out`, everything for the
// eye to `err`.
struct Streams {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
};

using Action = std::function<ExitCode(const Streams&)>;

// The command that the arguments named. The parser's callbacks fill it; it runs after parsing, so
// that `--help` and wrong arguments never start anything.
struct Chosen {
  Action action;
};

using AddCommand = void (*)(CLI::App& program, Chosen& chosen);

// Says what went wrong in one line, and answers the code.
ExitCode fail(const Streams& streams, const absl::Status& status, Origin origin);

// How a command says what it did: for the eye, or for a program.
enum class Format { kText, kJson };

}  // namespace riffle::app
