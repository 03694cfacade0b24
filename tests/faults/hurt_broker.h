// The broker that the tests of this folder hurt, one after the other: started once, on a small disk where one can be
// mounted, with a listener behind a proxy and one of TLS. Each test leaves it as it found it.
#pragma once

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <string>

#include "tests/support/broker.h"
#include "tests/support/fault_stream.h"
#include "tests/support/proxy.h"

namespace riffle::testing {

using namespace std::chrono_literals;

// A directory of so many bytes in all; where nothing can be mounted it is as large as any, and limited() says so.
class SmallDisk {
 public:
  explicit SmallDisk(const std::string& size)
      : limited_(::mount("riffle-test", path().c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0) {}
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    if (limited_) ::umount2(path().c_str(), MNT_DETACH);
  }

  bool limited() const { return limited_; }
  const std::string& path() const { return scratch_.path(); }
  // Leaves no room.
  void fill() const {
    std::ofstream ballast(path() + "/ballast", std::ios::binary);
    for (std::size_t piece = 1 << 20; piece > 0; piece /= 4) {
      const std::string bytes(piece, 'x');
      while (ballast.write(bytes.data(), static_cast<std::streamsize>(piece)).flush()) {
      }
      ballast.clear();
    }
  }
  void make_room() const { std::filesystem::remove(path() + "/ballast"); }

 private:
  Scratch scratch_;
  const bool limited_;
};

class HurtBroker : public ::testing::Test {
 private:
  struct End : ::testing::Environment {
    void TearDown() override {
      broker_.reset();
      proxy_.reset();
      disk_.reset();
    }
  };

 protected:
  static void SetUpTestSuite() {
    if (kafka_address().empty()) return;  // where no broker is wanted, none is started
    if (broker_ != nullptr) return;       // another suite's, too
    ::testing::AddGlobalTestEnvironment(new End);  // GoogleTest deletes it
    disk_ = std::make_unique<SmallDisk>("192m");
    proxy_ = std::make_unique<Proxy>();
    broker_ = std::make_unique<Broker>(
        disk_->path() + "/kafka",
        std::vector<std::string>{"--tls", "--proxy", proxy_->address(), "--config", "log.index.size.max.bytes=65536"});
    failure_ = broker_->start();
    proxy_->forward_to(broker_->address("proxy"));
  }

  void SetUp() override {
    if (broker_ == nullptr) GTEST_SKIP() << "no broker: set RIFFLE_KAFKA as for the other tests on a broker";
    ASSERT_EQ(failure_, "");
  }

  // A worker that has answered: what the fault comes to is a running system.
  static void expect_running(FaultStream& stream, WorkerProcess& worker) {
    stream.publish(40, 10);
    ASSERT_TRUE(worker.await_ready()) << worker.page("/readyz").body << worker.process().err();
    ASSERT_NO_FATAL_FAILURE(stream.expect_all_of_it());
  }
  static ::testing::AssertionResult becomes_unready(WorkerProcess& worker, const std::string& because,
                                                    std::chrono::milliseconds most = 60s) {
    if (await([&] { return worker.page("/readyz").body.find(because) != std::string::npos; }, most))
      return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "not said: " << because << "; readyz: " << worker.page("/readyz").body
                                         << worker.process().err();
  }
  static void expect_graceful_end(WorkerProcess& worker) {
    worker.process().signal(SIGTERM);
    EXPECT_EQ(worker.process().wait(40s), 0) << worker.process().err();
  }

  static std::unique_ptr<SmallDisk> disk_;
  static std::unique_ptr<Proxy> proxy_;
  static std::unique_ptr<Broker> broker_;
  static std::string failure_;
};

inline std::unique_ptr<SmallDisk> HurtBroker::disk_;
inline std::unique_ptr<Proxy> HurtBroker::proxy_;
inline std::unique_ptr<Broker> HurtBroker::broker_;
inline std::string HurtBroker::failure_;

}  // namespace riffle::testing
