// The process's metrics, in Prometheus' words. A module gathers its own in one probe struct:
//
//   struct IngestProbe {
//     explicit IngestProbe(Metrics& m) : accepted(m.counter("riffle_events_consumed_total", "Events ...", {{"result", "accepted"}})) {}
//     Counter& accepted;
//   };
//
// A name carries its unit; labels have few values (never a user, an item or a topic's offset). Registering the same name
// and labels again gives the same metric. Any thread; increments are one atomic add.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

namespace prometheus { class Registry; }

namespace riffle {

using Counter = prometheus::Counter;
using Gauge = prometheus::Gauge;
using Histogram = prometheus::Histogram;
using Labels = std::map<std::string, std::string>;

class Metrics {
 public:
  Metrics();
  ~Metrics();

  Counter& counter(const std::string& name, const std::string& help, const Labels& labels = {});
  Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels = {});
  // Buckets in the unit of the name, ascending; latency_buckets() for seconds.
  Histogram& histogram(const std::string& name, const std::string& help, const std::vector<double>& buckets,
                       const Labels& labels = {});
  static std::vector<double> latency_buckets();  // 0.1 ms … 10 s

  // The text exposition format (version 0.0.4).
  std::string exposition() const;

 private:
  std::shared_ptr<prometheus::Registry> registry_;
};

}  // namespace riffle
