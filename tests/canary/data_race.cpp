// Two threads add to one int without a lock; ThreadSanitizer must say so.
#include <cstdio>
#include <thread>

int main() {
  int count = 0;
  const auto add = [&count] {
    for (int i = 0; i < 1000; ++i) {
      ++count;
    }
  };
  std::thread one(add);
  std::thread two(add);
  one.join();
  two.join();
  std::printf("%d\n", count);
}
