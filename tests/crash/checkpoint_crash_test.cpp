// A process that is killed while it makes checkpoints: each that has its name is whole and restores one moment of the
// store; the store itself has all that was synced.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>

#include "base/rng.h"
#include "killable_process.h"
#include "state/checkpoint.h"
#include "state/rocksdb_store.h"
#include "tests/support/process.h"
#include "tests/support/scratch.h"

namespace riffle::crash {
namespace {

namespace fs = std::filesystem;

// The number of the last row, the same in every column.
std::string last_row(const std::string& directory) {
  state::RocksDbOptions options;
  options.directory = directory;
  const auto store = state::open_rocksdb_store(options);
  EXPECT_TRUE(store.ok()) << store.status();
  if (!store.ok()) return "";
  const std::string n = (*store)->get(state::Column::kMeta, "n").value().value_or("none");
  for (std::size_t c = 0; c < state::kColumns; ++c) {
    const auto column = static_cast<state::Column>(c);
    EXPECT_EQ((*store)->get(column, "n").value().value_or("none"), n) << state::name_of(column);
    if (n != "none") {
      EXPECT_TRUE((*store)->get(column, n).value().has_value()) << state::name_of(column);
    }
  }
  return n;
}

TEST(Crash, ACheckpointThatTookAKillIsWholeOrNotThere) {
  const riffle::testing::Scratch scratch;
  const std::string store = scratch / "store", checkpoints = scratch / "checkpoints";
  fs::create_directories(checkpoints);
  Rng fate(1);
  std::size_t whole = 0, half_made = 0;
  for (int kill = 0; kill < 16; ++kill) {
    fs::remove(scratch / "said");
    {
      KillableProcess writer({RIFFLE_CHECKPOINT_WRITER, store, checkpoints}, scratch / "said");
      // Every other one is let finish a checkpoint first: who says the second row has made it.
      const std::ptrdiff_t rows = 1 + kill % 2;
      const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
      const auto written = [&] {
        const std::string said = riffle::testing::read_whole(scratch / "said");
        return std::count(said.begin(), said.end(), '\n');
      };
      while (written() < rows && std::chrono::steady_clock::now() < deadline)
        ASSERT_FALSE(writer.ends_within(std::chrono::milliseconds(1))) << writer.last_words();
      const auto delay = std::chrono::microseconds(static_cast<std::int64_t>(100 * std::pow(500, fate.uniform())));
      ASSERT_FALSE(writer.ends_within(delay)) << writer.last_words();
      writer.kill();
    }
    const std::string said = riffle::testing::read_whole(scratch / "said");
    const std::size_t line_ends = said.rfind('\n'), line_begins = said.rfind('\n', line_ends - 1);
    const std::string synced =
        said.substr(line_begins == std::string::npos ? 0 : line_begins + 1, line_ends - line_begins - 1);
    EXPECT_GE(std::stol(last_row(store)), std::stol(synced));
    for (const auto& entry : fs::directory_iterator(checkpoints)) {
      const std::string name = entry.path().filename();
      if (name.find("partial") != std::string::npos) {
        ++half_made;
        continue;
      }
      ++whole;
      EXPECT_TRUE(state::verify_checkpoint(entry.path()).ok()) << state::verify_checkpoint(entry.path());
      const std::string restored = scratch / "restored";
      const absl::Status done = state::restore_checkpoint(entry.path(), restored);
      ASSERT_TRUE(done.ok()) << done;
      EXPECT_EQ(last_row(restored), name);
      fs::remove_all(restored);
      fs::remove_all(entry.path());
    }
  }
  EXPECT_GT(whole, 0U);
  EXPECT_GT(half_made, 0U) << "no kill came in the middle of one";
}

}  // namespace
}  // namespace riffle::crash
