// Named places in the life of a process where a crash test may end it: SIGKILL, as the kernel's when memory runs out.
//
//   RIFFLE_KILL_AT=commit:3      at the third time that a thread comes to `commit`
//   RIFFLE_KILL_AT=commit:3:250  250 µs later, while that thread goes on: in the middle of what follows
//
// The variable is read once, before main(); without it a place costs one predictable branch. The names are those of
// tests/crash/campaign.h:
//
//   apply      records of a micro-batch are applied, the journal does not have them
//   journaled  the journal has them; the list that comes next has not left
//   outputs    an epoch's records leave, one by one
//   published  an epoch's records and lists are acknowledged, nothing is committed
//   commit     the write of the commit begins
//   policy     a record of a policy version leaves: blocks, then the manifest
//   open       a shard's store is open, nothing is put right
//   restore    a journal entry is about to be applied again
//   assigned   the group has given this worker shards
//   revoked    the group wants them back
#pragma once

#include <string_view>

namespace riffle {

namespace kill_point_detail {
extern const bool kArmed;
void pass(std::string_view name);
}  // namespace kill_point_detail

// Any thread.
inline void kill_point(std::string_view name) {
  if (kill_point_detail::kArmed) [[unlikely]]
    kill_point_detail::pass(name);
}

}  // namespace riffle
