// The measurements of `riffle bench`: each takes a fresh stage, and adds one run to the figures. Work is counted against the
// CPU time, user and system, of the worker's process alone (one core-second is a second of one core); the broker's and ours
// are not in it.
//
// A wrong result measures nothing: duplicates, dead letters and lists must be as many as the workload has, or it is an
// error.
#pragma once

#include <chrono>
#include <cstddef>

#include "absl/status/status.h"
#include "app/bench/figures.h"
#include "app/bench/stage.h"

namespace riffle::app::bench {

// Catching up: the topic is full before the worker starts. What is measured is the time from 30 % applied until every offset
// is committed, that is, durable. What is applied but not committed at its beginning is not counted, though its commit is
// paid for: the figure errs on the low side.
//   events_per_core_second, events_per_second, events_cores; rss_bytes, peak_rss_bytes, state_bytes at the end;
//   start_seconds from the process's start to ready, with that state
absl::Status measure_events(Stage& stage, std::size_t events, Figures& figures);

// A burst of requests for lists of ten, of a worker that knows the catalogue and `history` events, after a smaller burst to
// warm up. From the first request's sending until all lists are published and the requests' offsets committed.
//   lists_per_core_second, lists_per_second, lists_cores; list_candidates on average
absl::Status measure_lists(Stage& stage, std::size_t history, std::size_t requests, Figures& figures);

struct LatencyLoad {
  double requests_per_second = 1000;
  double clicks_per_second = 50;     // at most: one at a time
  std::chrono::duration<double> measured{10};
  std::size_t backlog = 0;           // events that are published right before; 0: the worker is caught up
};
// An open loop: requests leave at their times, however late the lists are, and a list's time counts from when its request
// was due. At the same time a user at a time clicks and asks for a list. See click_probe.h and policy_delay.h.
//   request_to_list_ms, click_to_list_ms, outcome_to_policy_ms: each .p50 .p99 .samples; clicks_in_first_list
// With a backlog there are no clicks (they would wait behind it), and only the lists count that say `events_lag`:
//   backlog_request_to_list_ms; backlog_lists, their share of all that were asked for in the time
absl::Status measure_latency(Stage& stage, std::size_t history, const LatencyLoad& load, Figures& figures);

// What users and items in their numbers cost in memory: `events` are published and caught up with a few million at a time.
// ResourceExhausted where the worker's resident memory ever went beyond `limit_bytes`, the second start's included.
//   memory.peak_rss_bytes, memory.rss_bytes, memory.event_cpu_us, memory.state_bytes; memory.start_seconds and
//   memory.start_peak_rss_bytes of a start with that state
absl::Status measure_memory(Stage& stage, std::size_t events, std::uint64_t limit_bytes, Figures& figures);

// What an event costs where there are many users or items: after `warm` events are applied, CPU time an event until
// `measured` more are committed.
//   growth_<name>.event_cpu_us, growth_<name>.rss_bytes
absl::Status measure_growth(Stage& stage, const std::string& name, std::size_t warm, std::size_t measured, Figures& figures);

struct Overload {
  double requests_per_second = 10'000;
  Milliseconds deadline{50};         // of every request
  std::chrono::duration<double> measured{10};
};
// An open loop of more requests than the worker can answer. Every one must come to a list or to a dead letter.
//   overload_request_to_list_ms of the lists; overload_sent_per_second; overload_lists, overload_degraded (of these, those
//   made short of time) and overload_refused, as shares of the requests; overload_rss_before_bytes, overload_rss_after_bytes
absl::Status measure_overload(Stage& stage, std::size_t history, const Overload& load, Figures& figures);

// What all but measure_events begin with: the catalogue and a history, applied, committed and merged, and a worker at rest.
absl::Status warm_worker(Stage& stage, std::size_t history);

}  // namespace riffle::app::bench
