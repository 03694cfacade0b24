// What the joiner counts.
#pragma once

#include "base/metrics.h"

namespace riffle::features {

struct JoinProbe {
  explicit JoinProbe(Metrics& metrics)
      : by_id(joined(metrics, "by_id")),
        last_touch(joined(metrics, "last_touch")),
        waited(joined(metrics, "waited")),
        unattributed(joined(metrics, "unattributed")),
        late(joined(metrics, "late")),
        closed_early(metrics.counter(
            "riffle_joins_closed_early_total",
            "Windows closed because a user had more than open_decisions_per_user lists open.")),
        pushed_out(metrics.counter(
            "riffle_waiting_rewards_pushed_out_total",
            "Waiting rewards resolved early because there were more than waiting_rewards.")) {}

  Counter& by_id;
  Counter& last_touch;
  Counter& waited;
  Counter& unattributed;
  Counter& late;
  Counter& closed_early;
  Counter& pushed_out;

 private:
  static Counter& joined(Metrics& metrics, const char* outcome) {
    return metrics.counter("riffle_reward_join_total", "Rewards by what became of them.",
                           {{"outcome", outcome}});
  }
};

}  // namespace riffle::features
