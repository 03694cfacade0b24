#include "evaluation/prequential/diversified_riffle.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "serving/diversifiers/diversifier.h"

namespace riffle::evaluation {

absl::StatusOr<serving::DiversifierOptions> DiversifiedRiffle::parse(const std::string& name,
                                                                     const serving::DiversifierOptions& defaults) {
  const std::string words = name.substr(std::min(name.size(), kPrefix.size()));
  const std::size_t equals = words.find('=');
  serving::DiversifierOptions options = defaults;
  options.kind = words.substr(0, equals);
  const auto kinds = serving::diversifier_kinds();
  if (std::find(kinds.begin(), kinds.end(), options.kind) == kinds.end())
    return absl::InvalidArgumentError(absl::StrCat(name, ": there is no diversifier \"", options.kind, "\"; there are ",
                                                   absl::StrJoin(std::vector<std::string>(kinds.begin(), kinds.end()), ", ")));
  if (equals == std::string::npos || !absl::SimpleAtod(words.substr(equals + 1), &options.weight) ||
      !(options.weight >= 0 && options.weight <= 1))
    return absl::InvalidArgumentError(absl::StrCat(name, ": expected a weight from 0 to 1, as in riffle:", options.kind, "=0.3"));
  return options;
}

}  // namespace riffle::evaluation
