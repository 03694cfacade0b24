#include "app/metric_text.h"

#include <gtest/gtest.h>

#include "base/metrics.h"

namespace riffle::app {
namespace {

TEST(MetricText, SumsOverLabelsAndKnowsLongerNamesApart) {
  Metrics metrics;
  metrics.counter("riffle_test_total", "help", {{"code", "a } b"}}).Increment(3);
  metrics.counter("riffle_test_total", "help", {{"code", "c"}}).Increment(4);
  metrics.counter("riffle_test_total_more", "help").Increment(100);
  metrics.histogram("riffle_test_seconds", "help", {1, 2}).Observe(1.5);
  const std::string text = metrics.exposition();
  EXPECT_EQ(metric_sum(text, "riffle_test_total"), 7);
  EXPECT_EQ(metric_sum(text, "riffle_test_seconds_count"), 1);
  EXPECT_EQ(metric_sum(text, "riffle_test_seconds_sum"), 1.5);
  EXPECT_EQ(metric_sum(text, "riffle_test"), 0);
}

}  // namespace
}  // namespace riffle::app
