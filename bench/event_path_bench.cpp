// What an event costs, part by part: decoding, its rows, their cache and their bytes.
#include <benchmark/benchmark.h>

#include "base/check.h"
#include "bench/world.h"
#include "records/rows.h"

namespace riffle::bench {
namespace {

void DecodeEvent(benchmark::State& state) {
  const auto& texts = World::shared().event_texts();
  records::JsonDecoder decoder{records::Limits()};
  records::Event event;
  std::size_t i = 0;
  for (auto _ : state) {
    auto reason = decoder.decode(texts[i++ % texts.size()], event);
    benchmark::DoNotOptimize(reason);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(i));
}
BENCHMARK(DecodeEvent);

// With fresh ids and later times, as a stream goes on; the rows are those of the whole history, so most of them miss the
// processor's caches.
void ApplyEvent(benchmark::State& state) {
  World& world = World::shared();
  std::vector<records::Event> events = world.events();
  static std::uint64_t round = 0;
  std::int64_t time = to_ms(world.now());
  std::size_t i = 0;
  for (auto _ : state) {
    if (i % events.size() == 0) {
      state.PauseTiming();
      ++round;
      for (records::Event& event : events) event.event_id.assign(event.event_id.str() + std::to_string(round % 10));
      state.ResumeTiming();
    }
    time += 20;
    auto result = world.event_rows.apply(events[i++ % events.size()], from_ms(time));
    benchmark::DoNotOptimize(result);
  }
  world.event_rows.take_touched();
  state.SetItemsProcessed(static_cast<std::int64_t>(i));
}
BENCHMARK(ApplyEvent)->Iterations(100'000);

void FindUser(benchmark::State& state) {
  World& world = World::shared();
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(world.users.find(world.user(i++)));
}
BENCHMARK(FindUser);

// The first edit of a row after a freeze copies it; one that is dirty already is only looked up.
void EditUser(benchmark::State& state) {
  World& world = World::shared();
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(world.users.edit(world.user(i++)));
}
BENCHMARK(EditUser);

template <class Row>
std::vector<const Row*> rows_of(state::RowCache<Row>& cache, const std::vector<std::string>& keys) {
  std::vector<const Row*> rows;
  for (const std::string& key : keys)
    if (const Row* row = cache.find(key)) rows.push_back(row);
  RIFFLE_CHECK(!rows.empty());
  return rows;
}

std::vector<std::string> some_users(World& world) {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < 1000; ++i) keys.push_back(world.user(i));
  return keys;
}
std::vector<std::string> some_items(World& world) {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < 1000; ++i) keys.push_back(features::item_row_key(key_of(world.events()[i].item_id)));
  return keys;
}

template <class Row>
void encode_rows(benchmark::State& state, const std::vector<const Row*>& rows) {
  std::string bytes;
  std::size_t i = 0, written = 0;
  for (auto _ : state) {
    encode(*rows[i++ % rows.size()], bytes);
    benchmark::DoNotOptimize(bytes.data());
    written += bytes.size();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(written));
}

template <class Row>
void decode_rows(benchmark::State& state, const std::vector<const Row*>& rows) {
  std::vector<std::string> bytes(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) encode(*rows[i], bytes[i]);
  Row row;
  std::size_t i = 0, read = 0;
  for (auto _ : state) {
    const std::string& text = bytes[i++ % bytes.size()];
    auto status = decode(text, row);
    benchmark::DoNotOptimize(status);
    read += text.size();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(read));
}

void EncodeUserRow(benchmark::State& state) {
  World& world = World::shared();
  encode_rows(state, rows_of(world.users, some_users(world)));
}
BENCHMARK(EncodeUserRow);
void DecodeUserRow(benchmark::State& state) {
  World& world = World::shared();
  decode_rows(state, rows_of(world.users, some_users(world)));
}
BENCHMARK(DecodeUserRow);
void EncodeItemRow(benchmark::State& state) {
  World& world = World::shared();
  encode_rows(state, rows_of(world.items, some_items(world)));
}
BENCHMARK(EncodeItemRow);
void DecodeItemRow(benchmark::State& state) {
  World& world = World::shared();
  decode_rows(state, rows_of(world.items, some_items(world)));
}
BENCHMARK(DecodeItemRow);

}  // namespace
}  // namespace riffle::bench
