// Loaded into a program by LD_PRELOAD, it writes down what is on the disk for sure: each fsync and fdatasync that
// succeeded, with the size that the file had before it. tests/crash/power_cut.h cuts the files back to that.
//
// RIFFLE_SYNC_LOG names the file; a line is one SyncedFile (tests/crash/sync_record.h). Without it nothing is done.
#include "tests/crash/sync_record.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

namespace {

using Sync = int (*)(int);
using riffle::crash::SyncedFile;

int log_file() {
  static const int kFile = [] {
    const char* path = std::getenv("RIFFLE_SYNC_LOG");
    return path == nullptr ? -1 : ::open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  }();
  return kFile;
}

int record(int fd, Sync sync) {
  SyncedFile before{};
  const bool known = log_file() >= 0 && riffle::crash::identify(fd, "", before);
  const int result = sync(fd);
  // Whoever is killed between the two has told nobody that the sync succeeded.
  if (result == 0 && known) (void)!::write(log_file(), &before, sizeof before);
  return result;
}

}  // namespace

extern "C" {

int fsync(int fd) {
  static const auto kNext = reinterpret_cast<Sync>(::dlsym(RTLD_NEXT, "fsync"));
  return record(fd, kNext);
}

int fdatasync(int fd) {
  static const auto kNext = reinterpret_cast<Sync>(::dlsym(RTLD_NEXT, "fdatasync"));
  return record(fd, kNext);
}

}  // extern "C"
