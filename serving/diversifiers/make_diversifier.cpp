#include <array>

#include "serving/diversifiers/calibration.h"
#include "serving/diversifiers/diversifier.h"
#include "serving/diversifiers/dpp.h"
#include "serving/diversifiers/mmr.h"
#include "serving/diversifiers/none.h"
#include "serving/diversifiers/ssd.h"

namespace riffle::serving {

std::unique_ptr<Diversifier> make_diversifier(std::string_view kind) {
  if (kind == "none") return std::make_unique<NoDiversifier>();
  if (kind == "mmr") return std::make_unique<Mmr>();
  if (kind == "dpp") return std::make_unique<Dpp>();
  if (kind == "ssd") return std::make_unique<Ssd>();
  if (kind == "calibration") return std::make_unique<Calibration>();
  return nullptr;
}

std::span<const std::string_view> diversifier_kinds() {
  static constexpr std::array<std::string_view, 5> kKinds{"none", "mmr", "dpp", "ssd", "calibration"};
  return kKinds;
}

}  // namespace riffle::serving
