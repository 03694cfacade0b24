#include "evaluation/baselines/session_knn.h"

#include <algorithm>

namespace riffle::evaluation {

void SessionKnnPolicy::recommend(const Query& query, std::vector<ItemIndex>& list) {
  board_.begin();
  const std::uint64_t number = query.user < present_.size() ? present_[query.user].session : kNone;
  if (const Session* present = at(number)) {
    common_.resize(sessions_.size(), 0);
    for (const ItemIndex item : present->items) {
      for (const std::uint64_t session : sessions_of_[item]) {
        if (session < first_ || session == number) continue;
        if (common_[session - first_]++ == 0) met_.push_back(session);
      }
    }
    neighbours_.clear();
    for (const std::uint64_t session : met_) {
      const double sizes = static_cast<double>(at(session)->items.size()) * static_cast<double>(present->items.size());
      neighbours_.emplace_back(common_[session - first_] / std::sqrt(sizes), session);
      common_[session - first_] = 0;
    }
    met_.clear();
    const auto more_alike = [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first > b.first : a.second > b.second;
    };
    const std::size_t count = std::min(kNeighbours, neighbours_.size());
    const auto end = neighbours_.begin() + static_cast<std::ptrdiff_t>(count);
    std::nth_element(neighbours_.begin(), end, neighbours_.end(), more_alike);
    std::sort(neighbours_.begin(), end, more_alike);  // sums are added up in one order
    for (std::size_t i = 0; i < count; ++i)
      for (const ItemIndex item : at(neighbours_[i].second)->items) board_.add(item, neighbours_[i].first);
  }
  board_.top(query, popularity_, 1e-6, list);
}

void SessionKnnPolicy::learn(const Interaction& interaction) {
  if (!interaction.counts) return;
  if (interaction.user >= present_.size()) present_.resize(interaction.user + 1);
  Present& present = present_[interaction.user];
  if (!at(present.session) || present.basket != interaction.basket) {
    present = {interaction.basket, first_ + sessions_.size()};
    sessions_.emplace_back();
    if (sessions_.size() > kSessions) {
      sessions_.pop_front();
      ++first_;
    }
  }
  std::vector<ItemIndex>& items = sessions_[present.session - first_].items;
  popularity_.add(interaction.item, interaction.time);
  if (items.size() >= kLongest || std::find(items.begin(), items.end(), interaction.item) != items.end()) return;
  items.push_back(interaction.item);
  if (interaction.item >= sessions_of_.size()) sessions_of_.resize(interaction.item + 1);
  std::vector<std::uint64_t>& sessions = sessions_of_[interaction.item];
  if (sessions.size() == kSampled) sessions.erase(sessions.begin());
  sessions.push_back(present.session);
}

std::size_t SessionKnnPolicy::memory_bytes() const {
  std::size_t bytes = popularity_.memory_bytes() + board_.memory_bytes() + present_.capacity() * sizeof(Present);
  for (const Session& session : sessions_) bytes += sizeof(Session) + session.items.capacity() * sizeof(ItemIndex);
  for (const auto& sessions : sessions_of_) bytes += sizeof(sessions) + sessions.capacity() * sizeof(std::uint64_t);
  return bytes;
}

}  // namespace riffle::evaluation
