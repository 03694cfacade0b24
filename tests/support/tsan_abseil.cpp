// Tells ThreadSanitizer of absl::Mutex. Debian's Abseil is not instrumented, so that its locks are
// invisible and every guarded member would look like a race. These definitions take the place of
// the library's, in the tsan preset alone, and call them; what happens inside is left out of the
// analysis, as in Abseil's own instrumented build. tests/canary/guarded.cpp proves that they work.
// Await is told as if the lock were held for writing.
#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <type_traits>

#include "absl/base/config.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#define RIFFLE_TEXT_OF(x) #x
#define RIFFLE_TEXT(x) RIFFLE_TEXT_OF(x)

namespace {

// The library's own function, by its mangled name without the inline namespace: "5Mutex4LockEv".
template <class Function>
Function* library(const char* mangled) {
  const std::string space = RIFFLE_TEXT(ABSL_OPTION_INLINE_NAMESPACE_NAME);
  const std::string name = "_ZN4absl" + std::to_string(space.size()) + space + mangled;
  void* found = dlsym(RTLD_NEXT, name.c_str());
  if (found == nullptr) {
    std::fprintf(stderr, "tsan_abseil: Abseil has no %s\n", name.c_str());
    std::abort();
  }
  return reinterpret_cast<Function*>(found);
}

constexpr unsigned kWrite = 0;
constexpr unsigned kRead = __tsan_mutex_read_lock;
constexpr unsigned kTry = __tsan_mutex_try_lock;

template <class Call>
auto locking(absl::Mutex* mutex, unsigned flags, Call call) {
  __tsan_mutex_pre_lock(mutex, flags);
  if constexpr (std::is_void_v<decltype(call())>) {
    call();
    __tsan_mutex_post_lock(mutex, flags, 0);
  } else {
    const bool result = call();
    const bool failed = (flags & kTry) != 0 && !result;
    __tsan_mutex_post_lock(mutex, failed ? flags | __tsan_mutex_try_lock_failed : flags, 0);
    return result;
  }
}

template <class Call>
void unlocking(absl::Mutex* mutex, unsigned flags, Call call) {
  __tsan_mutex_pre_unlock(mutex, flags);
  call();
  __tsan_mutex_post_unlock(mutex, flags);
}

thread_local bool nested = false;  // in a wait

// Gives the lock up, waits, and has it again. Some of the library's waits call another of them: only the outer one is
// told, or the lock would be given up twice.
template <class Call>
auto waiting(absl::Mutex* mutex, Call call) {
  if (nested) return call();
  struct Nesting {
    Nesting() { nested = true; }
    ~Nesting() { nested = false; }
  };
  unlocking(mutex, kWrite, [] {});
  return locking(mutex, kWrite, [&] {
    const Nesting outer;
    return call();
  });
}

using On = void(absl::Mutex*);
using Try = bool(absl::Mutex*);
using When = void(absl::Mutex*, const absl::Condition&);
using WhenFor = bool(absl::Mutex*, const absl::Condition&, absl::Duration);
using WhenUntil = bool(absl::Mutex*, const absl::Condition&, absl::Time);

}  // namespace

namespace absl {
ABSL_NAMESPACE_BEGIN

void Mutex::Lock() {
  static On* const real = library<On>("5Mutex4LockEv");
  locking(this, kWrite, [&] { real(this); });
}

void Mutex::Unlock() {
  static On* const real = library<On>("5Mutex6UnlockEv");
  unlocking(this, kWrite, [&] { real(this); });
}

bool Mutex::TryLock() {
  static Try* const real = library<Try>("5Mutex7TryLockEv");
  return locking(this, kTry, [&] { return real(this); });
}

void Mutex::ReaderLock() {
  static On* const real = library<On>("5Mutex10ReaderLockEv");
  locking(this, kRead, [&] { real(this); });
}

void Mutex::ReaderUnlock() {
  static On* const real = library<On>("5Mutex12ReaderUnlockEv");
  unlocking(this, kRead, [&] { real(this); });
}

bool Mutex::ReaderTryLock() {
  static Try* const real = library<Try>("5Mutex13ReaderTryLockEv");
  return locking(this, kRead | kTry, [&] { return real(this); });
}

void Mutex::LockWhen(const Condition& condition) {
  static When* const real = library<When>("5Mutex8LockWhenERKNS0_9ConditionE");
  locking(this, kWrite, [&] { real(this, condition); });
}

bool Mutex::LockWhenWithTimeout(const Condition& condition, Duration timeout) {
  static WhenFor* const real =
      library<WhenFor>("5Mutex19LockWhenWithTimeoutERKNS0_9ConditionENS0_8DurationE");
  return locking(this, kWrite, [&] { return real(this, condition, timeout); });
}

bool Mutex::LockWhenWithDeadline(const Condition& condition, Time deadline) {
  static WhenUntil* const real =
      library<WhenUntil>("5Mutex20LockWhenWithDeadlineERKNS0_9ConditionENS0_4TimeE");
  return locking(this, kWrite, [&] { return real(this, condition, deadline); });
}

void Mutex::ReaderLockWhen(const Condition& condition) {
  static When* const real = library<When>("5Mutex14ReaderLockWhenERKNS0_9ConditionE");
  locking(this, kRead, [&] { real(this, condition); });
}

void Mutex::Await(const Condition& condition) {
  static When* const real = library<When>("5Mutex5AwaitERKNS0_9ConditionE");
  waiting(this, [&] { real(this, condition); });
}

bool Mutex::AwaitWithTimeout(const Condition& condition, Duration timeout) {
  static WhenFor* const real =
      library<WhenFor>("5Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE");
  return waiting(this, [&] { return real(this, condition, timeout); });
}

bool Mutex::AwaitWithDeadline(const Condition& condition, Time deadline) {
  static WhenUntil* const real =
      library<WhenUntil>("5Mutex17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE");
  return waiting(this, [&] { return real(this, condition, deadline); });
}

void CondVar::Wait(Mutex* mutex) {
  static auto* const real = library<void(CondVar*, Mutex*)>("7CondVar4WaitEPNS0_5MutexE");
  waiting(mutex, [&] { real(this, mutex); });
}

bool CondVar::WaitWithTimeout(Mutex* mutex, Duration timeout) {
  static auto* const real = library<bool(CondVar*, Mutex*, Duration)>(
      "7CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE");
  return waiting(mutex, [&] { return real(this, mutex, timeout); });
}

bool CondVar::WaitWithDeadline(Mutex* mutex, Time deadline) {
  static auto* const real =
      library<bool(CondVar*, Mutex*, Time)>("7CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE");
  return waiting(mutex, [&] { return real(this, mutex, deadline); });
}

ABSL_NAMESPACE_END
}  // namespace absl
