// Where candidates come from. A source names items worth considering, best first; the gatherer takes
// them in turns, and a merged candidate keeps what every source said of it: that is what its reasons are made of.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "features/feature_vector.h"
#include "records/request.h"

namespace riffle::serving {

class CandidatePool;
struct ServingContext;

// Stored in decisions by number: add at the end, never renumber.
enum class CandidateSourceId : std::uint8_t {
  kRequest,    // the request's own candidates
  kTogether,   // met together with the user's recent items
  kNext,       // follows the user's recent items
  kOwn,        // the user's own
  kTrending,
  kPopular,
  kFresh,      // newest of the catalogue
  kCatalogue,  // the rest of the catalogue, where nothing else is left
  kCategory,   // popular in the categories that the user likes
  kExplore,    // what nothing speaks for yet
  kSimilar,    // with a title like those of the user's recent items
  kSequence    // what the encoder of his history thinks comes next
};
constexpr std::size_t kCandidateSources = 12;
constexpr std::size_t index_of(CandidateSourceId source) { return static_cast<std::size_t>(source); }
std::string_view name_of(CandidateSourceId source);  // "request", "together", …

// What a source says of an item.
struct SourcedItem {
  std::uint32_t item = 0;   // its number in the pool
  float score = 0;          // the source's own scale, higher is better
  ItemKey evidence;         // the user's item that led here; 0: none
};

// One of the user's last distinct items.
struct RecentItem {
  std::uint32_t item = 0;   // its number in the pool
  ItemKey key;
};

// What sources may look at. References live during the call.
struct SourceInput {
  const ServingContext* context = nullptr;
  const records::Request* request = nullptr;
  const features::UserContext* user = nullptr;
  const features::RowOptions* rows = nullptr;
  std::span<const RecentItem> recent;     // newest first
  CandidatePool* pool = nullptr;
};

// One thread: a source keeps its scratch memory between requests, and answers by nothing but its input.
class CandidateSource {
 public:
  virtual ~CandidateSource() = default;
  virtual CandidateSourceId id() const = 0;
  // Whether it has nothing to say of this request, as far as is told without looking.
  virtual bool silent(const SourceInput& input) const = 0;
  // Makes `out` the at most `wanted` best items that the rules allow, best first, equal scores in a fixed order. `out` is
  // empty, or what the source said of this same request when it was asked for fewer.
  virtual void gather(const SourceInput& input, std::size_t wanted, std::vector<SourcedItem>& out) = 0;
};

}  // namespace riffle::serving
