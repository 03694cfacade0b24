// A program to be killed by checkpoint_crash_test.cpp: writes a store at the first argument, and checkpoints of it under
// the second, until it dies. Row n is written to every column at once; "n" on stdout says that it is synced.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "state/checkpoint.h"
#include "state/rocksdb_store.h"

int main(int, char** argv) {
  using namespace riffle::state;
  RocksDbOptions options;
  options.directory = argv[1];
  options.write_buffer_bytes = 1 << 20;
  const auto store = open_rocksdb_store(options);
  if (!store.ok()) return std::fprintf(stderr, "%s\n", std::string(store.status().message()).c_str()), 2;
  const auto last = (*store)->get(Column::kMeta, "n").value();
  for (long n = last ? std::atol(last->c_str()) + 1 : 1;; ++n) {
    WriteBatch batch;
    for (std::size_t column = 0; column < kColumns; ++column) {
      batch.put(static_cast<Column>(column), "n", std::to_string(n));
      batch.put(static_cast<Column>(column), std::to_string(n), std::string(2000, 'x'));
    }
    if (!(*store)->write(batch, true).ok()) return 3;
    std::printf("%ld\n", n);
    std::fflush(stdout);
    const auto made = checkpoint(**store, std::string(argv[2]) + "/" + std::to_string(n));
    if (!made.ok()) return std::fprintf(stderr, "%s\n", std::string(made.message()).c_str()), 4;
  }
}
