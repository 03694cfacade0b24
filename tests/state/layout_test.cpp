#include "state/layout.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/errors.h"
#include "state/scratch.h"

namespace riffle::state {
namespace {

namespace fs = std::filesystem;

TEST(Layout, ShardsSortByNameAsByNumber) {
  EXPECT_EQ(shard_directory("/state", Partition(3)), "/state/shard-00003");
  EXPECT_EQ(shard_directory("/state", Partition(123456)), "/state/shard-123456");
  EXPECT_EQ(worker_directory("/state", "w1"), "/state/worker-w1");
}

TEST(Layout, FindsTheShardsThatHaveADirectory) {
  const Scratch scratch;
  for (const int shard : {12, 0, 100000})
    fs::create_directory(shard_directory(scratch.path(), Partition(shard)));
  for (const char* other : {"shard-3", "shard-00004.partial", "shard-", "shard--0001", "worker-w1"})
    fs::create_directory(scratch / other);
  const auto shards = shards_in(scratch.path());
  ASSERT_TRUE(shards.ok()) << shards.status();
  EXPECT_EQ(*shards, (std::vector{Partition(0), Partition(12), Partition(100000)}));
  EXPECT_TRUE(shards_in(scratch / "none")->empty());
}

TEST(WorkerLock, ASecondProcessOfTheSameNameIsRefusedWithTheFirstOnesId) {
  const Scratch scratch;
  int ready[2], end[2];
  ASSERT_EQ(::pipe(ready) + ::pipe(end), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto lock = WorkerLock::acquire(scratch.path(), "w1");
    char c = lock.ok() ? 'y' : 'n';
    ::close(end[1]);
    if (::write(ready[1], &c, 1) != 1 || ::read(end[0], &c, 1) < 0) ::_exit(1);
    ::_exit(0);  // a death without the destructor
  }
  ::close(end[0]);
  char c = 'n';
  ASSERT_EQ(::read(ready[0], &c, 1), 1);
  ASSERT_EQ(c, 'y');

  const auto second = WorkerLock::acquire(scratch.path(), "w1");
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable) << second.status();
  EXPECT_EQ(error_class(second.status()), ErrorClass::kFatal);
  for (const std::string& part :
       {std::string("\"w1\""), scratch.path(), "process " + std::to_string(child)})
    EXPECT_NE(second.status().message().find(part), absl::string_view::npos)
        << part << " in " << second.status();
  EXPECT_TRUE(WorkerLock::acquire(scratch.path(), "w2").ok()) << "another name is another worker";

  ::close(end[1]);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(WorkerLock::acquire(scratch.path(), "w1").ok()) << "its death frees the name";
}

TEST(WorkerLock, MovesAndLetsGoOnce) {
  const Scratch scratch;
  {
    auto first = WorkerLock::acquire(scratch / "new/root", "w1");
    ASSERT_TRUE(first.ok()) << first.status();
    const WorkerLock moved = *std::move(first);
    EXPECT_FALSE(WorkerLock::acquire(scratch / "new/root", "w1").ok());
  }
  EXPECT_TRUE(WorkerLock::acquire(scratch / "new/root", "w1").ok());
}

TEST(WorkerLock, NamesThatAreNoFileNamesAreRefused) {
  const Scratch scratch;
  for (const std::string& name : {std::string(), std::string("a/b"), std::string(".."),
                                  std::string("ä"), std::string(65, 'a')})
    EXPECT_EQ(WorkerLock::acquire(scratch.path(), name).status().code(),
              absl::StatusCode::kInvalidArgument)
        << name;
}

TEST(WorkerLock, ARootThatIsAFileIsAClearError) {
  const Scratch scratch;
  std::ofstream(scratch / "file") << "";
  const auto lock = WorkerLock::acquire(scratch / "file", "w1");
  EXPECT_EQ(lock.status().code(), absl::StatusCode::kFailedPrecondition) << lock.status();
  EXPECT_NE(lock.status().message().find(scratch / "file"), absl::string_view::npos);
}

}  // namespace
}  // namespace riffle::state
