// Threads whose work can wait give way to those that a list waits for.
#pragma once

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace riffle {

// Lowers the calling thread's priority (Linux: its nice value, inherited by threads that it starts). Where the system does
// not allow it, nothing changes.
inline void give_way() {
  constexpr int kNice = 10;  // about a tenth of the weight of a thread that does not give way
  const auto thread = static_cast<id_t>(::syscall(SYS_gettid));
  (void)::setpriority(PRIO_PROCESS, thread, kNice);
}

}  // namespace riffle
