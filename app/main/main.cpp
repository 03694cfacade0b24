#include <iostream>

#include "app/command_line.h"

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  return riffle::app::run_command_line(argc, argv, {std::cin, std::cout, std::cerr});
}
