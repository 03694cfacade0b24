// What a shard counts; only for shard*.cpp.
#pragma once

#include <string>

#include "base/metrics.h"
#include "pipeline/shard.h"
#include "records/dead_letter.h"

namespace riffle::pipeline {

struct Shard::Probe {
  explicit Probe(Metrics& m)
      : accepted(events(m, "accepted")),
        duplicate(events(m, "duplicate")),
        erased(events(m, "erased")),
        refused(events(m, "refused")),
        metrics(m),
        decide_seconds(m.histogram("riffle_recommend_latency_seconds", "Time a list takes, by stage",
                                   Metrics::latency_buckets(), {{"stage", "decide"}})),
        wait_seconds(m.histogram("riffle_recommend_latency_seconds", "Time a list takes, by stage",
                                 Metrics::latency_buckets(), {{"stage", "wait"}})),
        published_seconds(m.histogram("riffle_event_to_list_seconds",
                                      "From a request's record time to its list handed to the bus",
                                      Metrics::latency_buckets())),
        repeats(m.counter("riffle_requests_repeated_total", "Requests that got the list of their open decision again")) {}

  static Counter& events(Metrics& m, const std::string& result) {
    return m.counter("riffle_events_consumed_total", "Records of `events` applied, by what became of them",
                     {{"result", result}});
  }
  Counter& dead_letters(records::Code code) {
    return metrics.counter("riffle_dead_letters_total", "Records refused, by reason",
                           {{"code", std::string(records::code_name(code))}});
  }

  Counter &accepted, &duplicate, &erased, &refused;
  Metrics& metrics;
  Histogram &decide_seconds, &wait_seconds, &published_seconds;
  Counter& repeats;
};

}  // namespace riffle::pipeline
