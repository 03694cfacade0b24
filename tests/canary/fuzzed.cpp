// Reads past its input where that begins with three letters, which no random input does: the fuzzer must find them by
// what it sees of the program, and AddressSanitizer the fault behind them.
#include <cstddef>
#include <cstdint>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<std::uint8_t> copy(data, data + size);
  if (size >= 3 && copy[0] == 'k' && copy[1] == 'e' && copy[2] == 'y') {
    volatile std::size_t past = size;
    return copy.data()[past] == 0 ? 0 : -1;
  }
  return 0;
}
