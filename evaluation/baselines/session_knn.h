// Sessions like the present one (session k-nearest neighbours; Jannach & Ludewig 2017, S-KNN with recency sampling). The
// present session is what the user took in it so far, or, at its start, his last session. Among the most recent sessions that
// share an item with it, the kNeighbours most alike vote for their items:
//
//   score(i) = Σ_{s ∋ i} |s ∩ present| / √(|s| · |present|) + 10⁻⁶ · n(i)
//
// Memory: the last kSessions sessions, of at most kLongest items each, and of each item the last kSampled sessions.
#pragma once

#include <deque>

#include "evaluation/baselines/ranking.h"

namespace riffle::evaluation {

class SessionKnnPolicy final : public Policy {
 public:
  std::string name() const override { return "session-knn"; }
  void recommend(const Query& query, std::vector<ItemIndex>& list) override;
  void learn(const Interaction& interaction) override;
  std::size_t memory_bytes() const override;

 private:
  static constexpr std::size_t kNeighbours = 100;
  static constexpr std::size_t kSampled = 200;
  static constexpr std::size_t kSessions = 100'000;
  static constexpr std::size_t kLongest = 500;
  static constexpr std::uint64_t kNone = ~std::uint64_t{0};

  struct Session {
    std::vector<ItemIndex> items;  // each once
  };
  struct Present {
    std::uint64_t basket = 0;
    std::uint64_t session = kNone;  // its number
  };
  const Session* at(std::uint64_t session) const {
    return session < first_ || session - first_ >= sessions_.size() ? nullptr : &sessions_[session - first_];
  }

  std::deque<Session> sessions_;  // numbers first_ …
  std::uint64_t first_ = 0;
  std::vector<Present> present_;                        // by user
  std::vector<std::vector<std::uint64_t>> sessions_of_;  // by item, newest last
  Popularity popularity_;
  ScoreBoard board_;
  std::vector<std::uint32_t> common_;  // scratch: items in common, by session; zeros between requests
  std::vector<std::uint64_t> met_;     // scratch
  std::vector<std::pair<double, std::uint64_t>> neighbours_;  // scratch
};

}  // namespace riffle::evaluation
