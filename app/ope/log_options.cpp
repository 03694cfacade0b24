#include "app/ope/log_options.h"

#include <string>

namespace riffle::app {

void add_log_options(CLI::App& command, OpeChoice& choice) {
  command
      .add_option("FILE", choice.file,
                  "A log: Open Bandit's CSV or JSON lines, plain or gzip; - is standard input; "
                  "without it, Riffle's own log on the bus")
      ->type_name("");
  command
      .add_option_function<std::string>(
          "--log",
          [&choice](const std::string& word) {
            choice.kind = word == "riffle"        ? LogKind::kOwn
                          : word == "open-bandit" ? LogKind::kOpenBandit
                                                  : LogKind::kJsonLines;
          },
          "What the log is (default: by the file's name)")
      ->check(CLI::IsMember({"riffle", "open-bandit", "json-lines"}))
      ->type_name("riffle|open-bandit|json-lines");
  command.add_option("--surface", choice.surface, "Only lists of this surface, of Riffle's own log")->type_name("NAME");
  command
      .add_option("--logged-by", choice.logged_by,
                  "Only lists that this policy made (one arm of an experiment), of Riffle's own log")
      ->type_name("POLICY");
  command.add_option("--actions", choice.actions, "How many actions there are, where the log does not say")
      ->check(CLI::Range(1U, 1U << 20))
      ->type_name("N");
}

}  // namespace riffle::app
