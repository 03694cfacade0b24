// Adds one to the largest int; UndefinedBehaviorSanitizer must say so.
#include <limits>

int main(int argc, char**) {
  volatile int largest = std::numeric_limits<int>::max();
  return largest + argc > 0 ? 0 : 1;
}
