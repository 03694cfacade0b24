#include "serving/explainer.h"

#include "serving/texts.h"

namespace riffle::serving {
namespace {

using records::InteractionType;

constexpr std::size_t kMostReasons = 3;

// Bought counts more than anything later; else what he did last with it.
ReasonCode because_of(const records::UserRow* user, ItemKey evidence) {
  ReasonCode code = ReasonCode::kBecauseViewed;
  if (!user) return code;
  for (const records::HistoryEntry& entry : user->history) {
    if (entry.item != evidence || entry.weight <= 0) continue;
    switch (entry.type) {
      case InteractionType::kPurchase: return ReasonCode::kBecauseBought;
      case InteractionType::kClick: code = ReasonCode::kBecauseClicked; break;
      case InteractionType::kView:
      case InteractionType::kDwell: code = ReasonCode::kBecauseViewed; break;
      default: code = ReasonCode::kBecauseChosen; break;
    }
  }
  return code;
}

ReasonCode own_of(const records::UserRow* user, ItemKey item) {
  std::size_t bought = 0;
  if (user)
    for (const records::HistoryEntry& entry : user->history)
      bought += entry.item == item && entry.type == InteractionType::kPurchase;
  return bought > 1 ? ReasonCode::kOwnFrequent : bought == 1 ? ReasonCode::kOwnBought : ReasonCode::kOwnSeen;
}

std::string_view title_of(const PooledItem& item, std::string_view id) {
  if (item.catalogue && item.catalogue->item && !item.catalogue->item->title.empty())
    return item.catalogue->item->title;
  return id;
}

std::string_view evidence_id(const PooledItem& item) {
  const std::string_view id = known_id(item);
  if (!id.empty() || !item.catalogue || !item.catalogue->item) return id;
  return item.catalogue->item->item_id.str();
}

}  // namespace

void Explainer::explain(const Candidate& candidate, bool explored, std::vector<records::ListReason>& reasons) const {
  reasons.clear();
  const auto add = [&](ReasonCode code, std::string_view id, std::string_view title) {
    const ReasonText text = text_of(code, language_, title);
    reasons.push_back({code_of(code), id, text.before, text.title, text.after});
  };
  const auto plain = [&](ReasonCode code) { add(code, {}, {}); };
  const auto with_evidence = [&](ReasonCode code, ItemKey key) {
    const PooledItem& evidence = pool_.at(pool_.resolve(key));
    const std::string_view id = evidence_id(evidence);
    if (!id.empty()) add(code, id, title_of(evidence, id));
  };

  const SourceOrder order = sources_of(candidate);
  for (std::size_t i = 0; i < order.count && reasons.size() < kMostReasons; ++i) {
    const ItemKey evidence = candidate.mark(order.ids[i]).evidence;
    switch (order.ids[i]) {
      case CandidateSourceId::kTogether: with_evidence(because_of(user_, evidence), evidence); break;
      case CandidateSourceId::kNext: with_evidence(ReasonCode::kFollows, evidence); break;
      case CandidateSourceId::kOwn: plain(own_of(user_, pool_.at(candidate.item).key)); break;
      case CandidateSourceId::kTrending: plain(ReasonCode::kTrending); break;
      case CandidateSourceId::kPopular: plain(ReasonCode::kPopular); break;
      case CandidateSourceId::kFresh: plain(ReasonCode::kNewItem); break;
      case CandidateSourceId::kCategory: plain(ReasonCode::kLikedCategory); break;
      case CandidateSourceId::kSimilar: with_evidence(ReasonCode::kSimilarTo, evidence); break;
      case CandidateSourceId::kSequence: plain(ReasonCode::kFitsHistory); break;
      case CandidateSourceId::kExplore:
      case CandidateSourceId::kRequest:
      case CandidateSourceId::kCatalogue: break;
    }
  }
  if (reasons.empty() && candidate.has(CandidateSourceId::kRequest)) plain(ReasonCode::kAsked);
  if (explored) plain(ReasonCode::kExplored);
}

}  // namespace riffle::serving
