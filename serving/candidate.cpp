#include "serving/candidate.h"

namespace riffle::serving {

std::string_view name_of(CandidateSourceId source) {
  switch (source) {
    case CandidateSourceId::kRequest: return "request";
    case CandidateSourceId::kTogether: return "together";
    case CandidateSourceId::kNext: return "next";
    case CandidateSourceId::kOwn: return "own";
    case CandidateSourceId::kTrending: return "trending";
    case CandidateSourceId::kPopular: return "popular";
    case CandidateSourceId::kFresh: return "fresh";
    case CandidateSourceId::kCatalogue: return "catalogue";
    case CandidateSourceId::kCategory: return "category";
    case CandidateSourceId::kExplore: return "explore";
    case CandidateSourceId::kSimilar: return "similar";
    case CandidateSourceId::kSequence: return "sequence";
  }
  return "unknown";
}

}  // namespace riffle::serving
