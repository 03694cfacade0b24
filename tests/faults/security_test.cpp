// Riffle's whole path over TLS with a client's certificate, and with a password over TLS (SASL/SCRAM); and what it does
// where either is wrong.
#include <gmock/gmock.h>

#include "tests/faults/hurt_broker.h"

namespace riffle {
namespace {

using riffle::testing::await;
using riffle::testing::Broker;
using riffle::testing::FaultStream;
using riffle::testing::Scratch;
using riffle::testing::WorkerProcess;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

FaultStream::Properties with_certificate(const Broker& broker) {
  const std::string tls = broker.directory() + "/tls/";
  return {{"bootstrap.servers", broker.address("tls")},    {"security.protocol", "ssl"},
          {"ssl.ca.location", tls + "ca.pem"},             {"ssl.certificate.location", tls + "client.pem"},
          {"ssl.key.location", tls + "client.key"}};
}

FaultStream::Properties with_password(const Broker& broker, const std::string& password) {
  return {{"bootstrap.servers", broker.address("scram")}, {"security.protocol", "sasl_ssl"},
          {"ssl.ca.location", broker.directory() + "/tls/ca.pem"}, {"sasl.mechanisms", "SCRAM-SHA-512"},
          {"sasl.username", "shop"},                     {"sasl.password", password}};
}

class Tls : public riffle::testing::HurtBroker {};

TEST_F(Tls, WithAClientsCertificateTheWholePathWorks) {
  FaultStream stream(with_certificate(*broker_));
  ASSERT_NO_FATAL_FAILURE(stream.create_topics());
  WorkerProcess worker(stream.worker());
  ASSERT_NO_FATAL_FAILURE(expect_running(stream, worker));
  expect_graceful_end(worker);
}

TEST_F(Tls, WithoutACertificateAWorkerWaitsAndSaysWhy) {
  FaultStream stream({{"bootstrap.servers", broker_->address()}});
  ASSERT_NO_FATAL_FAILURE(stream.create_topics());
  FaultStream::Properties without = with_certificate(*broker_);
  std::vector<std::string> options = stream.worker({{"bootstrap.servers", broker_->address("tls")},
                                                    {"security.protocol", "ssl"},
                                                    {"ssl.ca.location", without["ssl.ca.location"]}});
  WorkerProcess worker(options);
  EXPECT_TRUE(becomes_unready(worker, "certificate"));
  expect_graceful_end(worker);
}

// Kafka 4 does not take the SCRAM of librdkafka before 2.6.1 (docs/operations.md): a broker of the version before, of
// this test alone.
TEST(Scram, TheRightPasswordWorksAndAWrongOneEndsTheWorkerWithThreeAndTheReason) {
  RIFFLE_NEEDS_KAFKA(other);
  const Scratch scratch;
  Broker broker(scratch / "kafka", {"--version", "3.7.1", "--scram", "shop:right"});
  ASSERT_EQ(broker.start(), "");
  FaultStream stream(with_password(broker, "right"));
  ASSERT_NO_FATAL_FAILURE(stream.create_topics());
  {
    WorkerProcess worker(stream.worker());
    stream.publish(40, 10);
    ASSERT_TRUE(worker.await_ready()) << worker.process().err();
    stream.expect_all_of_it();
    worker.process().signal(SIGTERM);
    EXPECT_EQ(worker.process().wait(40s), 0) << worker.process().err();
  }
  stream.publish(40, 10);
  stream.settle();
  {
    WorkerProcess worker(stream.worker({{"sasl.password", "wrong"}}));
    EXPECT_EQ(worker.process().wait(60s), 3) << worker.process().err();
    EXPECT_THAT(worker.process().err(), HasSubstr("refuses this client's credentials"));
    EXPECT_THAT(worker.process().err(), HasSubstr("check kafka.sasl.*"));
  }
  WorkerProcess worker(stream.worker());
  stream.expect_all_of_it();
}

}  // namespace
}  // namespace riffle
