// A recommender under prequential test. It is asked for a list before each event is revealed, and learns from the event
// afterwards (after the label delay). One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "evaluation/prequential/ledger.h"
#include "records/event.h"
#include "records/item.h"

namespace riffle::evaluation {

// One interaction, as it is revealed. References live during the call.
struct Interaction {
  UserIndex user = 0;
  ItemIndex item = 0;
  std::uint64_t basket = 0;  // what has the same number was taken in one session of the user
  TimePoint time{};
  bool counts = true;  // of a type that is to be predicted; the others are context
  const records::Event* event = nullptr;
};

// What is asked: the n best items for the user at that time, among those that have appeared, without those that he had
// where only new ones are wanted.
struct Query {
  UserIndex user = 0;
  TimePoint time{};
  std::size_t n = 10;
  bool new_only = false;
  std::uint64_t basket = 0;  // that the asked-for item will be part of
  const Ledger* ledger = nullptr;

  bool allowed(ItemIndex item) const { return !new_only || !ledger->had(user, item); }
};

class Policy {
 public:
  virtual ~Policy() = default;
  virtual std::string name() const = 0;
  // Replaces `list`, best first, each item once, fewer than n where there are not enough.
  virtual void recommend(const Query& query, std::vector<ItemIndex>& list) = 0;
  virtual void learn(const Interaction& interaction) = 0;
  // What the log says of an item, before the events that follow it. Not delayed.
  virtual void describe(const records::Item& /*item*/, TimePoint /*time*/) {}
  // An event that is no interaction with an item (impressions, erasures).
  virtual void observe(const records::Event& /*event*/, TimePoint /*time*/) {}
  // Of its state, by the sizes of its tables.
  virtual std::size_t memory_bytes() const = 0;
};

}  // namespace riffle::evaluation
