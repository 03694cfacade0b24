// The policies of `riffle evaluate`, by their names.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "config/config.h"
#include "evaluation/prequential/policy.h"
#include "evaluation/prequential/prequential.h"

namespace riffle::app {

// Those that are asked where none is named.
std::vector<std::string> default_policies();

// In the order of `names` (none: the default ones); those that others stand on come before them, named or not. InvalidArgument: a name
// that is none, or options that cannot be; else what an encoder's network module says.
absl::StatusOr<std::vector<std::unique_ptr<evaluation::Policy>>> make_policies(std::vector<std::string> names,
                                                                               evaluation::Reveal reveal,
                                                                               const config::Config& config);

}  // namespace riffle::app
