// Asks the sources and merges what they say: each source gives up to its quota, the merge takes them in turns by rank
// until there are enough, and an item that several sources know keeps what each of them said.
#pragma once

#include <array>
#include <bit>
#include <memory>
#include <span>
#include <vector>

#include "serving/candidate.h"
#include "serving/candidate_pool.h"
#include "serving/options.h"
#include "serving/rules.h"

namespace riffle::serving {

struct SourceMark {
  float score = 0;
  std::uint32_t rank = 0;      // in its source's list, 0 the best
  ItemKey evidence;
};

struct Candidate {
  Candidate() = default;
  explicit Candidate(std::uint32_t pooled) : item(pooled) {}

  std::uint32_t item = 0;      // its number in the pool
  std::uint32_t sources = 0;   // bit by CandidateSourceId: which named it
  const SourceMark* marks = nullptr;  // what each of them said, in their order; the gatherer's

  bool has(CandidateSourceId source) const { return (sources >> index_of(source) & 1) != 0; }
  // Of a source that named it.
  const SourceMark& mark(CandidateSourceId source) const { return marks[place_of(source)]; }
  // 0 of one that did not: what it would have said is read all the same (there is a mark more than candidates have), as a branch
  // would be taken for the wrong one half the time.
  float score_of(CandidateSourceId source) const {
    const float choice[] = {0, mark(source).score};
    return choice[has(source)];
  }
  std::size_t place_of(CandidateSourceId source) const {
    return static_cast<std::size_t>(std::popcount(sources & ((1u << index_of(source)) - 1)));
  }
};

// The candidate's sources, the one that ranked it highest first; `request` comes before all.
struct SourceOrder {
  std::array<CandidateSourceId, kCandidateSources> ids;
  std::size_t count = 0;
};
SourceOrder sources_of(const Candidate& candidate);

// One thread; keeps its memory between requests.
class Gatherer {
 public:
  explicit Gatherer(const ServingOptions& options, const features::RowOptions& rows);

  // The candidates of a request for `n` items: at most max(options.candidates, n), all allowed by the rules; every
  // candidate of the request itself, where it brings some. Deterministic. Fewer than n only where there are no more.
  // Valid until the next call. `user` describes context.user.
  const std::vector<Candidate>& gather(const records::Request& request, const ServingContext& context,
                                       const features::UserContext& user, std::size_t n);

  CandidatePool& pool() { return pool_; }

 private:
  struct Slot {
    std::unique_ptr<CandidateSource> source;
    std::size_t quota = 0;
    bool asked = false;                      // by this request
    std::size_t wanted = 0;                  // when it was asked last
    std::vector<SourcedItem> found;
  };

  // Of each source that is asked, so that all together give `all` where they have so much, none more than its quota.
  std::size_t share_of(std::size_t all) const;
  // Asks for `most` items of each, up to its quota. False: no source has more than it had.
  bool ask(const SourceInput& input, std::size_t most);
  bool add(std::uint32_t item);
  void take_turns(std::size_t limit);
  void count_marks(CandidateSourceId source, std::span<const SourcedItem> found);
  void write_marks(CandidateSourceId source, std::span<const SourcedItem> found, std::size_t& at);
  void mark_all();
  void fill_up(const SourceInput& input, std::size_t n);
  void fill_from_catalogue(const SourceInput& input, std::size_t n);

  ServingOptions options_;
  features::RowOptions rows_;
  Rules rules_;
  CandidatePool pool_;
  std::vector<Slot> slots_;                 // in the order of turns
  std::vector<std::span<const SourcedItem>> speaking_;  // those that have more to say, while turns are taken
  std::vector<RecentItem> recent_;
  std::vector<SourcedItem> rest_;           // that the catalogue was asked for in the end
  std::vector<Candidate> candidates_;
  std::vector<SourceMark> marks_;           // one candidate's after the other's
  std::vector<std::uint32_t> marked_;       // places + 1 of all that was found, while marks are made
};

}  // namespace riffle::serving
