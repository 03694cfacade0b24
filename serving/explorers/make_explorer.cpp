#include <array>

#include "serving/explorers/epsilon.h"
#include "serving/explorers/explorer.h"
#include "serving/explorers/greedy.h"
#include "serving/explorers/optimistic.h"
#include "serving/explorers/softmax.h"
#include "serving/explorers/squarecb.h"
#include "serving/explorers/thompson.h"
#include "serving/explorers/uniform.h"

namespace riffle::serving {

std::unique_ptr<Explorer> make_explorer(std::string_view kind) {
  if (kind == "greedy") return std::make_unique<Greedy>();
  if (kind == "epsilon") return std::make_unique<Epsilon>();
  if (kind == "squarecb") return std::make_unique<SquareCb>();
  if (kind == "softmax") return std::make_unique<Softmax>();
  if (kind == "thompson") return std::make_unique<Thompson>();
  if (kind == "regcb") return std::make_unique<RegCb>();
  if (kind == "ucb1") return std::make_unique<Ucb1>();
  if (kind == "uniform") return std::make_unique<Uniform>();
  return nullptr;
}

std::span<const std::string_view> explorer_kinds() {
  static constexpr std::array<std::string_view, 8> kKinds{"greedy",   "epsilon", "squarecb", "softmax",
                                                          "thompson", "regcb",   "ucb1",     "uniform"};
  return kKinds;
}

std::uint32_t best_of(const SlotChoices& choices) {
  std::uint32_t best = choices.allowed.front();
  for (const std::uint32_t item : choices.allowed)
    if (is_better(choices, item, best)) best = item;
  return best;
}

}  // namespace riffle::serving
