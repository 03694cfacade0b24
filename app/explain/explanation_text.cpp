#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "app/explain/explanation.h"
#include "features/feature_vector.h"
#include "records/time_text.h"
#include "serving/candidate.h"

namespace riffle::app {
namespace {

using Place = FoundDecision::Place;

std::string source_name(std::uint32_t source) {
  if (source < serving::kCandidateSources)
    return std::string(serving::name_of(static_cast<serving::CandidateSourceId>(source)));
  return absl::StrCat("#", source);
}

template <class Sources>
std::string sources_text(const FoundDecision& found, const Sources& sources) {
  std::vector<std::string> words;
  for (const pb::SourceScore& source : sources) {
    std::string word = absl::StrFormat("%s %.4g", source_name(source.source()), source.score());
    if (source.evidence_item_key() != 0)
      absl::StrAppend(&word, " because of ", found.name_of(source.evidence_item_key()));
    words.push_back(std::move(word));
  }
  return absl::StrJoin(words, ", ");
}

// Those that are not 0, by name, the largest first.
template <class Features>
std::string features_text(const Features& features) {
  const auto specs = features::feature_specs();
  std::vector<std::pair<float, std::string>> named;
  for (int i = 0; i < features.size(); ++i)
    if (features[i] != 0 && static_cast<std::size_t>(i) < specs.size())
      named.emplace_back(features[i], std::string(specs[static_cast<std::size_t>(i)].name));
  std::stable_sort(named.begin(), named.end(),
                   [](const auto& a, const auto& b) { return std::abs(a.first) > std::abs(b.first); });
  std::vector<std::string> words;
  for (const auto& [value, name] : named) words.push_back(absl::StrFormat("%s %.4g", name, value));
  return absl::StrJoin(words, ", ");
}

class Text {
 public:
  explicit Text(const Explanation& explanation)
      : explanation_(explanation), found_(explanation.found), decision_(explanation.found.decision) {}

  std::string write() {
    head();
    for (int i = 0; i < decision_.slots_size(); ++i) slot(i);
    again();
    if (explanation_.fate) item(*explanation_.fate);
    return std::move(out_);
  }

 private:
  void line(std::string_view name, std::string_view text) { absl::StrAppendFormat(&out_, "%-11s%s\n", name, text); }

  void head() {
    const bool sources = decision_.slots_size() > 0 && decision_.slots(0).sources_size() > 0;  // older outcomes have none
    const char* place = found_.place == Place::kState ? "the state: all that was logged of it"
                        : found_.place == Place::kOutcomes
                            ? (sources ? "the log's outcomes: gains are not there"
                                       : "the log's outcomes: gains, sources and evidence are not there")
                            : "its published list alone: no outcome of it came yet";
    line("list", absl::StrCat(decision_.recommendation_id(), ", from ", place));
    line("for", absl::StrCat("user ", decision_.user_id(), ", request ", decision_.request_id(),
                             decision_.surface().empty() ? "" : absl::StrCat(", surface ", decision_.surface()), ", ",
                             records::format_time(from_ms(decision_.time_ms()))));
    std::string policy = absl::StrCat(decision_.policy_id(), " version ", decision_.policy_version());
    if (!decision_.segment().empty()) absl::StrAppend(&policy, ", segment ", decision_.segment());
    if (found_.place == Place::kState)
      absl::StrAppendFormat(&policy, ", explore %g, diversity %g", decision_.explore(), decision_.diversity());
    if (decision_.learned_weight().weights_size() > 1) absl::StrAppend(&policy, " drawn");
    if (decision_.randomised()) absl::StrAppend(&policy, ", every slot drawn evenly");
    line("policy", policy);
    if (decision_.candidate_keys_size() > 0)
      line("candidates",
           absl::StrCat(decision_.candidate_keys_size(), " in ", decision_.candidate_categories_size(), " categories; ",
                        decision_.fully_logged()
                            ? "all are logged with features"
                            : absl::StrCat(decision_.candidates_size(), " were sampled with features")));
    line("list P", absl::StrFormat("%.6g: the product of its slots' probabilities", decision_.slate_propensity()));
    weights();
    for (const std::string& cause : decision_.degraded()) line("degraded", cause);
  }

  // Of every weight that diversity could have had here: how likely it was, and how likely this list with it.
  void weights() {
    const pb::LearnedWeight& learned = decision_.learned_weight();
    std::string text;
    for (int i = 0; i < std::min(learned.probabilities_size(), learned.log_slates_size()) && i < learned.weights_size(); ++i)
      absl::StrAppendFormat(&text, "%s%g with P %.4g (list P %.4g)", i > 0 ? ", " : "", learned.weights(i),
                            learned.probabilities(i), std::exp(learned.log_slates(i)));
    if (learned.has_distance()) absl::StrAppendFormat(&text, "; distance within the list %.4g", learned.distance());
    if (!text.empty()) line("diversity", text);
  }

  void slot(int i) {
    const pb::Slot& slot = decision_.slots(i);
    std::string text = absl::StrCat(slot.item_id().empty() ? found_.name_of(slot.item_key()) : slot.item_id());
    absl::StrAppendFormat(&text, ": score %.6g, P %.6g", slot.score(), slot.propensity());
    if (slot.allowed() > 0) {
      absl::StrAppendFormat(&text, " of %d allowed (%.3g times an even draw)", slot.allowed(),
                            slot.propensity() * slot.allowed());
      const auto closed = decision_.candidate_keys_size() - i - static_cast<int>(slot.allowed());
      if (closed > 0) absl::StrAppend(&text, ", caps had closed ", closed);
    }
    if (found_.place == Place::kState) absl::StrAppendFormat(&text, ", gain %.4g", slot.gain());
    if (slot.bonus() != 0) absl::StrAppendFormat(&text, ", bonus %.4g where seen", slot.bonus());
    const auto at = static_cast<std::size_t>(i);
    if (at < found_.rewards.size())
      absl::StrAppendFormat(&text, ", %s, reward %g%s", found_.exposed[at] ? "seen" : "not seen", found_.rewards[at],
                            found_.closed ? "" : " so far");
    line(absl::StrCat("slot ", i), text);
    if (slot.sources_size() > 0) {
      line("", absl::StrCat("gathered by ", sources_text(found_, slot.sources())));
    } else if (found_.list && at < found_.list->items.size()) {
      line("", absl::StrCat("gathered by ", found_.list->items[at].source));
    }
    if (found_.list && at < found_.list->items.size())
      for (const std::string& reason : found_.list->items[at].reasons) line("", absl::StrCat("“", reason, "”"));
    if (slot.features_size() > 0) line("", absl::StrCat("features ", features_text(slot.features())));
  }

  void again() {
    const MadeAgain& again = explanation_.again;
    if (!again.why_no_scores.empty()) return line("made again", absl::StrCat("no: ", again.why_no_scores));
    line("made again",
         absl::StrCat(again.scores_equal, " of ", again.scores, " logged candidates' scores are equal, by ",
                      again.scorer, absl::StrFormat("; largest difference %.3g", again.largest_score_difference)));
    if (!again.why_no_propensities.empty())
      return line("", absl::StrCat("probabilities: no: ", again.why_no_propensities));
    line("",
         absl::StrFormat("probabilities of all slots; largest difference %.3g", again.largest_propensity_difference));
  }

  void item(const ItemFate& fate) {
    line("item", words_of(fate, decision_, explanation_.item));
    if (!fate.logged) return;
    if (fate.logged->sources_size() > 0)
      line("", absl::StrCat("gathered by ", sources_text(found_, fate.logged->sources())));
    line("", absl::StrCat("features ", features_text(fate.logged->features())));
  }

  const Explanation& explanation_;
  const FoundDecision& found_;
  const pb::Decision& decision_;
  std::string out_;
};

}  // namespace

std::string explanation_text(const Explanation& explanation) { return Text(explanation).write(); }

}  // namespace riffle::app
