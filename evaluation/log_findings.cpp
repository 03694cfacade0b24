// What stands in the way of an answer, by the figures of evaluation/log_check.h; the limits are those of refusals.h.
#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "evaluation/log_check.h"
#include "evaluation/refusals.h"
#include "evaluation/weight_diagnostics.h"

namespace riffle::evaluation {
namespace {

using Level = Finding::Level;

constexpr double kBusyUser = .1, kLargeRewards = .5;
constexpr double kManyRepeats = .001, kManyBackwards = .001;

// Left out of any good log, and so no sign of a bad one (evaluation/logs/outcome_log.cpp).
bool is_usual(std::string_view what) {
  return what == "earlier revisions of outcomes" || what == "lists whose windows are still open" ||
         what == "repeats of a sequence number" || what == "outcomes of other surfaces" ||
         what.starts_with("outcomes of policy ");
}

class Findings {
 public:
  Findings(const LogFigures& figures, const std::vector<ingest::RowCount>& read, std::uint64_t unreadable)
      : figures_(figures), read_(read), unreadable_(unreadable) {}

  std::vector<Finding> take() {
    if (figures_.rounds == 0) {
      add(Level::kBad, "empty", "the log has no round that could be used", "see what became of its rows");
    } else {
      propensities();
      support();
      rewards();
      order();
      features();
      loggers();
    }
    for (const ingest::RowCount& count : read_)
      if (!count.used && count.rows > 0 && !is_usual(count.what))
        add(Level::kWarning, "left_out", absl::StrCat(count.rows, " ", count.what, " were left out"),
            "see the first of them above");
    std::stable_sort(findings_.begin(), findings_.end(),
                     [](const Finding& a, const Finding& b) { return a.level > b.level; });
    return std::move(findings_);
  }

 private:
  void add(Level level, std::string_view what, std::string message, std::string advice) {
    findings_.push_back({level, what, std::move(message), std::move(advice)});
  }

  void propensities() {
    const std::uint64_t bad = figures_.missing + figures_.zero + figures_.negative + figures_.above_one + unreadable_;
    if (bad > 0)
      add(Level::kBad, "propensities",
          absl::StrCat("of ", figures_.slots, " slots' propensities ", figures_.missing + unreadable_,
                       " are missing or no number, ", figures_.zero, " are 0, ", figures_.negative, " are negative, ",
                       figures_.above_one, " are above 1"),
          figures_.zero > 0 ? "write them with all their digits (0.00000 was more than 0), given the slots above"
                            : "log the probability of every shown item, given the slots above, in (0, 1]");
    if (figures_.small > 0)
      add(Level::kWarning, "small_propensities",
          absl::StrFormat("%d propensities are below %g, the smallest is %.3g: their weights are large", figures_.small,
                          kSmallPropensity, figures_.smallest_propensity),
          "explore with a floor (epsilon), or ask with --clip");
    if (figures_.certain == figures_.slots && figures_.slots > 0)
      add(Level::kBad, "no_exploration", "every slot was certain: nothing can be told of any other policy",
          "serve with an explorer: epsilon 0.05, say");
  }

  void support() {
    if (figures_.actions > figures_.actions_shown && figures_.actions_shown > 0)
      add(Level::kWarning, "support",
          absl::StrCat(figures_.actions_shown, " of ", figures_.actions, " actions were ever shown"),
          "a policy that shows the others cannot be evaluated: explore over all");
    for (const ReferenceFigures& reference : figures_.references) {
      if (reference.rounds == 0) {
        if (reference.unanswerable > 0)
          add(Level::kNote, "reference",
              absl::StrCat(reference.name, " cannot be asked about: ", reference.unanswerable_why), "");
        continue;
      }
      const bool whole = figures_.longest == 1;
      if (reference.ess < kLeastEss)
        add(whole ? Level::kWarning : Level::kNote, "ess",
            absl::StrFormat("against %s the effective sample size is %.1f of %d rounds%s", reference.name,
                            reference.ess, reference.rounds,
                            whole ? "" : absl::StrFormat(" (whole lists; first slots: %.1f)", reference.first_ess)),
            absl::StrFormat(
                "below %.0f `riffle ope` refuses: explore more, or for longer; or ask about a policy that is closer",
                kLeastEss));
    }
  }

  void rewards() {
    if (figures_.rewarded < kFewestRewarded)
      add(Level::kBad, "rewards", absl::StrCat(figures_.rewarded, " of ", figures_.rounds, " rounds were rewarded"),
          absl::StrCat("at least ", kFewestRewarded, " are needed: log for longer, or join the rewards"));
    if (figures_.largest_rewards_share > kLargeRewards && figures_.rewarded > 2 * LogFigures::kLargest)
      add(Level::kWarning, "outliers",
          absl::StrFormat("the %d largest rewards are %.0f %% of all (the largest: %g)", LogFigures::kLargest,
                          100 * figures_.largest_rewards_share, figures_.largest_reward),
          "estimates rest on them: cap or take the logarithm of what is rewarded");
    if (figures_.busiest_user_share > kBusyUser && figures_.users > 20)
      add(Level::kWarning, "busy_user",
          absl::StrFormat("one user made at least %.0f %% of the rounds", 100 * figures_.busiest_user_share),
          "a robot, or a missing id that many share? Leave it out");
  }

  void order() {
    const auto rounds = static_cast<double>(figures_.rounds);
    if (figures_.repeats > 0)
      add(static_cast<double>(figures_.repeats) > kManyRepeats * rounds ? Level::kBad : Level::kWarning, "repeats",
          absl::StrCat(figures_.repeats, " rounds are repeats of one shortly before"), "they count twice: remove them");
    if (figures_.bad_times > 0)
      add(Level::kWarning, "times", absl::StrCat(figures_.bad_times, " rounds have a time that is none"),
          "write milliseconds since 1970, or ISO 8601 with a zone");
    if (figures_.backwards > 0)
      add(static_cast<double>(figures_.backwards) > kManyBackwards * rounds ? Level::kWarning : Level::kNote, "clock",
          absl::StrFormat("%d rounds are earlier than one before them, by up to %.3f s", figures_.backwards,
                          static_cast<double>(figures_.largest_step_back_ms) / 1000),
          "sort the log by time; where several machines write it, look at their clocks");
  }

  void features() {
    if (figures_.other_features > 0)
      add(figures_.other_features == figures_.rounds ? Level::kBad : Level::kWarning, "features",
          absl::StrCat(figures_.other_features, " of ", figures_.rounds,
                       " lists were logged with another version of the features"),
          "policies and reward models of this build cannot use them; ask for `--estimators ips,snips`, or with the "
          "build that wrote them");
    if (figures_.bad_features > 0)
      add(Level::kWarning, "missing_features",
          absl::StrCat(figures_.bad_features, " slots have no features, or features that are not finite"),
          "reward models leave them out");
  }

  void loggers() {
    if (figures_.logged_by.size() < 2) return;
    std::string names;
    for (const auto& [policy, rounds] : figures_.logged_by)
      absl::StrAppend(&names, names.empty() ? "" : ", ", policy, " (", rounds, ")");
    add(Level::kWarning, "several_policies",
        absl::StrCat("the lists were made by ", figures_.logged_by.size(), " policies: ", names),
        "all figures are of the mixture, its users' states too: look at one by --logged-by ID");
  }

  const LogFigures& figures_;
  const std::vector<ingest::RowCount>& read_;
  const std::uint64_t unreadable_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> findings(const LogFigures& figures, const std::vector<ingest::RowCount>& read,
                              std::uint64_t unreadable) {
  return Findings(figures, read, unreadable).take();
}

}  // namespace riffle::evaluation
