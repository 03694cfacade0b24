// Why an item is in a list, from what the sources said when it was chosen: codes with their evidence, and texts. Only what
// is true: the evidence is an item that the user really touched in that way, and `explored` is said of items that were not
// the best by the policy's own estimate.
#pragma once

#include <string_view>
#include <vector>

#include "records/list_encoder.h"
#include "serving/candidate_pool.h"
#include "serving/gatherer.h"

namespace riffle::serving {

class Explainer {
 public:
  // `language` as known_language gives it. References live during the use.
  Explainer(const records::UserRow* user, CandidatePool& pool, std::string_view language)
      : user_(user), pool_(pool), language_(language) {}

  // Replaces `reasons` by at most three by source, the strongest source first, then `explored`. Ids and titles point into the
  // pool's rows.
  void explain(const Candidate& candidate, bool explored, std::vector<records::ListReason>& reasons) const;

 private:
  const records::UserRow* user_;
  CandidatePool& pool_;
  std::string_view language_;
};

}  // namespace riffle::serving
