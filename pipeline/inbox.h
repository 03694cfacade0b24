// Records of one shard that wait for its apply thread, in the order of each input. Not thread-safe: its apply thread's
// mutex guards it.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "bus/bus.h"
#include "pipeline/micro_batch.h"

namespace riffle::pipeline {

class Inbox {
 public:
  using Time = std::chrono::steady_clock::time_point;

  void push(Input input, std::vector<bus::Record> records, std::shared_ptr<void> memory, Time now) {
    Queue& queue = queues_[static_cast<std::size_t>(input)];
    for (const bus::Record& record : records) queue.bytes += record.bytes();
    queue.count += records.size();
    queue.chunks.push_back({std::move(records), std::move(memory), 0, now});
  }

  // Moves up to `most` records to `out`, what keeps them alive to `memory`, and when they were pushed to `since`.
  void take(Input input, std::size_t most, std::vector<bus::Record>& out, std::vector<std::shared_ptr<void>>& memory,
            std::vector<Time>* since = nullptr) {
    Queue& queue = queues_[static_cast<std::size_t>(input)];
    while (most > 0 && !queue.chunks.empty()) {
      Chunk& chunk = queue.chunks.front();
      memory.push_back(chunk.memory);
      while (most > 0 && chunk.at < chunk.records.size()) {
        bus::Record& record = chunk.records[chunk.at++];
        queue.bytes -= record.bytes();
        --queue.count;
        --most;
        if (since) since->push_back(chunk.since);
        out.push_back(std::move(record));
      }
      if (chunk.at == chunk.records.size()) queue.chunks.pop_front();
    }
  }

  std::size_t count(Input input) const { return queues_[static_cast<std::size_t>(input)].count; }
  std::size_t bytes(Input input) const { return queues_[static_cast<std::size_t>(input)].bytes; }
  bool empty() const { return queues_[0].count + queues_[1].count + queues_[2].count == 0; }

  std::uint64_t assignment = 0;  // of this worker, that the records are read for
  // Whether the end of the input was reached by what was pushed so far.
  std::array<bool, kInputs> at_end{};
  std::array<bool, kInputs> paused{};
  // Whether the events' consumer has answered since the shard is here: with records, or with the input's end.
  bool events_heard = false;

 private:
  struct Chunk {
    std::vector<bus::Record> records;
    std::shared_ptr<void> memory;
    std::size_t at;
    Time since;
  };
  struct Queue {
    std::deque<Chunk> chunks;
    std::size_t bytes = 0;
    std::size_t count = 0;
  };
  std::array<Queue, kInputs> queues_;
};

}  // namespace riffle::pipeline
