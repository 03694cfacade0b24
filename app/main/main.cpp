#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string_view>

#include "app/command_line.h"

namespace {

// A worker's rows lie all over a gigabyte of memory, and of pages of 4 KiB the processor knows the places of a few megabytes: it
// looks the page up as well as the row. With pages of 2 MiB it does not. glibc asks for them where the environment says so when a
// program begins, and not later: so the program begins again. Who has set that variable is left alone; where it cannot begin
// again, small pages do.
void use_large_pages(char** argv) {
#ifdef __GLIBC__
  constexpr char kTunables[] = "GLIBC_TUNABLES";
  std::error_code unknown;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", unknown);
  if (std::getenv(kTunables) || unknown || ::setenv(kTunables, "glibc.malloc.hugetlb=1", 0) != 0) return;
  ::execv(program.c_str(), argv);
#endif
}

}  // namespace

int main(int argc, char** argv) {
  // The other commands end before it would pay, or know little.
  if (argc > 1 && std::string_view(argv[1]) == "run") use_large_pages(argv);
  std::ios::sync_with_stdio(false);
  return riffle::app::run_command_line(argc, argv, {std::cin, std::cout, std::cerr});
}
