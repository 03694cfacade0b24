// Reads one element past a heap block; AddressSanitizer must say so.
#include <cstddef>
#include <vector>

int main(int argc, char**) {
  const std::vector<int> values(8, 1);
  volatile std::size_t past = values.size() + static_cast<std::size_t>(argc) - 1;
  return values.data()[past];
}
