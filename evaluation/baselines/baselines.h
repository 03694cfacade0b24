// The baselines that `riffle evaluate` ships, by name. A new one is a file of this folder and a line in baselines.cpp.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "evaluation/prequential/policy.h"

namespace riffle::evaluation {

struct BaselineFacts {
  std::string name;
  std::string meaning;
};
const std::vector<BaselineFacts>& all_baselines();

// Null for a name that is none of them.
std::unique_ptr<Policy> make_baseline(const std::string& name);

}  // namespace riffle::evaluation
