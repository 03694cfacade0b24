// Sliding spectrum decomposition (Huang, Wang, Zhang, Xu & Lin 2021; FORMULAS 3.1): a user sees a window of a long list at a
// time, so an item has to differ from its neighbours and not from what is far above. g is the norm of what is left of candidate
// i's unit vector once the last `window` − 1 slots are projected out: the volume that it adds to the window that it ends. A list
// no longer than the window gets the gains of the dpp.
//
// The paper adds a slot's projection back when the slot leaves the window, which leaves the rest orthogonal to what is gone: a
// twin of an item still in sight would get g > 0. Here the window is factored anew, from similarities that are kept:
// O(N·(d + window²/2)) a slot, and g depends on what is in the window alone.
//
//   window 3: slots 4 and 5 above are looked at for slot 6; a twin of slot 3 has g = 1 there again, if it is unlike 4 and 5
#pragma once

#include <vector>

#include "serving/diversifiers/diversifier.h"
#include "serving/diversifiers/residuals.h"
#include "serving/diversifiers/similarity.h"

namespace riffle::serving {

class Ssd final : public Diversifier {
 public:
  void reset(const DiversifierInput& input) override;
  void gains(std::span<float> out) const override;
  void add(std::uint32_t candidate) override;

 private:
  struct Seen {
    std::uint32_t candidate = 0;
    std::vector<float> similarities;  // of a known item, with all
  };
  void project_out(const Seen& seen);

  SimilarityRows similarity_;
  Residuals residuals_;
  std::vector<Seen> seen_;            // slot k lies at k mod (window − 1)
  std::size_t slots_ = 0;
};

}  // namespace riffle::serving
