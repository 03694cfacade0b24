#include <array>

#include "serving/diversifiers/diversifier.h"
#include "serving/diversifiers/dpp.h"
#include "serving/diversifiers/mmr.h"
#include "serving/diversifiers/none.h"

namespace riffle::serving {

std::unique_ptr<Diversifier> make_diversifier(std::string_view kind) {
  if (kind == "none") return std::make_unique<NoDiversifier>();
  if (kind == "mmr") return std::make_unique<Mmr>();
  if (kind == "dpp") return std::make_unique<Dpp>();
  return nullptr;
}

std::span<const std::string_view> diversifier_kinds() {
  static constexpr std::array<std::string_view, 3> kKinds{"none", "mmr", "dpp"};
  return kKinds;
}

}  // namespace riffle::serving
