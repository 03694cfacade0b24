#include "config/checks.h"

#include <arpa/inet.h>

#include <cmath>
#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "config/nearest.h"
#include "config/units.h"

namespace riffle::config {
namespace {

class Checker {
 public:
  Checker(const Config& config, const Places& places, std::vector<Mistake>& mistakes)
      : config_(config), places_(places), mistakes_(mistakes) {
    for (const Mistake& mistake : mistakes) unreadable_.push_back(mistake.path);
  }

  void run() {
    check_bus();
    check_topics();
    check_rows();
    check_experiments();
    check_explorers();
    check_heads();
    check_networks();
    check_weights();
    check_caps();
    check_lists();
    check_encoder();
    check_running();
  }

 private:
  bool readable(std::string_view path) const {
    for (const std::string& wrong : unreadable_)
      if (std::string_view(wrong).substr(0, path.size()) == path) return false;
    return true;
  }

  // The nearest section above that the file has; empty where there is none.
  std::string above(std::string path) const {
    do {
      const std::size_t dot = path.rfind('.');
      path = dot == std::string::npos ? std::string() : path.substr(0, dot);
    } while (!path.empty() && places_.count(path) == 0);
    return path;
  }

  // `unless` holds for the configuration to be possible; `path` and `with` are the keys that it compares.
  void require(bool unless, const std::string& path, const std::string& with, const std::string& message) {
    if (unless || !readable(path) || (!with.empty() && !readable(with))) return;
    Mistake mistake{1, 1, path, message};
    // Whichever of the two the file has is where the reader has to look; else the section that it would stand in.
    for (const std::string& at : {path, with, above(path), above(with)}) {
      const auto place = places_.find(at);
      if (place == places_.end()) continue;
      mistake.line = place->second.line;
      mistake.column = place->second.column;
      break;
    }
    mistakes_.push_back(mistake);
  }

  void check_bus() {
    require(!(config_.uses_kafka() && places_.count("local")), "kafka", "local",
            "kafka and local are both given; keep the one that Riffle is to run on");
    require(!config_.uses_kafka() || config_.kafka.count("bootstrap.servers") || config_.kafka.count("metadata.broker.list"),
            "kafka", "", "bootstrap.servers is missing, as `bootstrap.servers: localhost:9092`");
    if (config_.uses_kafka() || config_.local.directory.empty()) return;
    const auto plain = [](const std::string& path) { return std::filesystem::path(path).lexically_normal(); };
    require(plain(config_.local.directory) != plain(config_.state.directory), "state.directory", "local.directory",
            absl::StrCat("is the local bus's directory, too (", config_.local.directory, "); they need one each"));
  }

  void check_topics() {
    const std::string& prefix = config_.topics.prefix;
    const bool legal = prefix.size() <= 200 && prefix.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                                        "0123456789._-") == std::string::npos;
    require(legal, "topics.prefix", "", "a topic's name may have letters, digits, `.`, `_` and `-`, and 200 of them here");
    require(config_.ingest.limits.record_bytes <= static_cast<std::size_t>(config_.topics.max_message_bytes),
            "ingest.limits.record_bytes", "topics.max_message_bytes",
            absl::StrCat("is more than topics.max_message_bytes (", format_bytes(config_.topics.max_message_bytes),
                         "), so no such record could come"));
  }

  void check_rows() {
    const auto& rows = config_.rows;
    const features::RewardOptions& reward = rows.reward;
    require(reward.comeback_after <= reward.comeback_within, "reward.comeback_after", "reward.comeback_within",
            absl::StrCat("who stays away for longer than comeback_within (", format_duration(reward.comeback_within),
                         ") does not come back; say less"));
    require(rows.slow_half_life.count() == 0 || (rows.fast_half_life.count() > 0 && rows.fast_half_life < rows.slow_half_life),
            "rows.fast_half_life", "rows.slow_half_life",
            absl::StrCat("must be shorter than slow_half_life (", format_duration(rows.slow_half_life), ")"));
    for (const auto& [name, window] : {std::pair<const char*, std::size_t>{"together_window", rows.together_window},
                                       {"next_window", rows.next_window}})
      require(window <= rows.history_length, absl::StrCat("rows.", name), "rows.history_length",
              absl::StrCat("is longer than the history that is kept (history_length ", rows.history_length, ")"));
  }

  void check_experiments() {
    std::vector<std::string> known;
    for (const auto& policy : config_.policies) known.push_back(policy.id.str());
    double sum = 0;
    for (const serving::Arm& arm : config_.experiments.arms) {
      sum += arm.share;
      bool found = false;
      for (const std::string& name : known) found |= name == arm.policy.str();
      const std::string meant = nearest(arm.policy.str(), known);
      require(found, absl::StrCat("experiments.arms.", arm.policy.str()), "policies",
              absl::StrCat("there is no policy of this name", meant.empty() ? "" : absl::StrCat("; did you mean `", meant, "`?")));
    }
    require(std::abs(sum - 1) < 1e-9, "experiments.arms", "",
            absl::StrCat("the shares must sum to 1; they sum to ", format_real(std::round(sum * 1e9) / 1e9)));
  }

  // What such an explorer explores by, only scorers with a posterior have.
  void check_explorers() {
    for (const auto& policy : config_.policies) {
      const std::string& kind = policy.explorer.kind;
      const bool unsure = policy.scorer == "linear" || policy.scorer == "logistic" || policy.scorer == "neural_linear" ||
                          policy.scorer == "linear_arms" || policy.scorer == "arms";
      require(unsure || (kind != "thompson" && kind != "regcb" && kind != "ucb1"),
              absl::StrCat("policies.", policy.id.str(), ".explorer.kind"), absl::StrCat("policies.", policy.id.str(), ".scorer"),
              absl::StrCat(kind, " explores by how unsure the scorer is, and ", policy.scorer,
                           " does not say it; linear, logistic, neural_linear, linear_arms and arms do"));
    }
  }

  // A head that the log has no label for does not exist, so no weight but the default's can be meant.
  void check_heads() {
    const learner::HeadNumbers &weights = config_.learner.multi_task.weights, &rewards = config_.learner.multi_task.rewards;
    const auto check = [&](const char* head, double weight, double reward, const char* key) {
      require(reward != 0 || weight == 0 || weight == 1, absl::StrCat("learner.multi_task.weights.", head), key,
              absl::StrCat("there is no such head: ", key, " is 0, so lists are not told of it"));
    };
    check("purchase", weights.purchase, rewards.purchase, "rows.types.purchase.reward");
    check("dwell", weights.dwell, rewards.dwell, "rows.types.dwell.reward");
    check("comeback", weights.comeback, rewards.comeback, "reward.comeback");
  }

  void check_networks() {
    const learner::MultiTaskOptions& heads = config_.learner.multi_task;
    require(heads.experts * heads.hidden_2 <= learner::kMostExpertUnits, "learner.multi_task.hidden_2",
            "learner.multi_task.experts",
            absl::StrCat(heads.experts, " experts of ", heads.hidden_2, " units are more than ", learner::kMostExpertUnits, " units together"));
    const learner::SlateQOptions& slates = config_.learner.slateq;
    require(slates.advantage_decay * slates.learning_rate < 1, "learner.slateq.advantage_decay", "learner.slateq.learning_rate",
            absl::StrCat("times learning_rate (", format_real(slates.learning_rate), ") must be below 1"));
  }

  void check_weights() {
    for (const auto& policy : config_.policies) {
      const learner::WeightOptions& adapt = policy.diversifier.adapt;
      if (adapt.kind == "none") continue;
      const std::string path = absl::StrCat("policies.", policy.id.str(), ".diversifier");
      require(policy.diversifier.kind != "none", absl::StrCat(path, ".adapt.kind"), absl::StrCat(path, ".kind"),
              "a policy without a diversifier has no weight to learn; choose a diversifier, or take adapt away");
      if (adapt.kind != "bandit") continue;
      bool ascends = true;
      for (std::size_t i = 1; i < adapt.grid.size(); ++i) ascends &= adapt.grid[i] > adapt.grid[i - 1];
      const bool enough = adapt.grid.size() >= 2 && adapt.grid.size() <= learner::kMostWeights;
      require(enough && ascends, absl::StrCat(path, ".adapt.grid"), "",
              absl::StrCat("expected 2 to ", learner::kMostWeights, " ascending weights, as [0, 0.1, 0.2]"));
    }
  }

  void check_caps() {
    for (const auto& policy : config_.policies)
      for (std::size_t i = 0; i < policy.caps.size(); ++i) {
        const std::string path = absl::StrCat("policies.", policy.id.str(), ".caps[", i, "]");
        require(policy.caps[i].most <= policy.caps[i].window, absl::StrCat(path, ".most"), absl::StrCat(path, ".window"),
                "is more than the window holds, so it caps nothing");
      }
  }

  void check_lists() {
    const auto& serving = config_.serving;
    require(serving.default_n <= serving.candidates, "serving.default_n", "serving.candidates",
            absl::StrCat("is more than the candidates that are scored (", serving.candidates, ")"));
    require(serving.default_n <= config_.ingest.limits.list_items, "serving.default_n", "ingest.limits.list_items",
            absl::StrCat("is more than a request may ask for (list_items ", config_.ingest.limits.list_items, ")"));
    const auto& s = serving.sources;
    require(s.together + s.next + s.popular + s.trending + s.own + s.fresh + s.category + s.explore > 0, "serving.sources", "",
            "every source is off, so there would be nothing to choose from");
    require(config_.learner.block_bytes * 2 <= static_cast<std::size_t>(config_.topics.max_message_bytes),
            "learner.block_bytes", "topics.max_message_bytes", "is more than half of what the topics take in one record");
  }

  void check_encoder() {
    for (const auto& policy : config_.policies)
      require(policy.id.str() != learner::kEncoderId, absl::StrCat("policies.", policy.id.str()), "",
              "is what versions of the encoder of users' histories are called; give the policy another name");
    const learner::SequenceOptions& sequence = config_.learner.sequence;
    require(!sequence.runs() || sequence.length <= config_.rows.history_length, "learner.sequence.length", "rows.history_length",
            absl::StrCat("is more than the history that users' rows keep (history_length ", config_.rows.history_length,
                         "), so lists would be made of less than was learned from"));
  }

  void check_running() {
    require(config_.epoch.catching_up_interval >= config_.epoch.interval, "epoch.catching_up_interval", "epoch.interval",
            absl::StrCat("must not be shorter than interval (", format_duration(config_.epoch.interval), ")"));
    for (const auto& [path, text] : {std::pair<const char*, const std::string*>{"worker.name", &config_.worker.name},
                                     {"worker.group", &config_.worker.group},
                                     {"state.directory", &config_.state.directory}})
      require(!text->empty(), path, "", "must not be empty");
    unsigned char address[16];
    const std::string& text = config_.http.address;
    require(!config_.http.enabled || inet_pton(AF_INET, text.c_str(), address) == 1 || inet_pton(AF_INET6, text.c_str(), address) == 1,
            "http.address", "", absl::StrCat("expected an IP address, as 127.0.0.1 or 0.0.0.0; found \"", text, "\""));
  }

  const Config& config_;
  const Places& places_;
  std::vector<Mistake>& mistakes_;
  std::vector<std::string> unreadable_;
};

}  // namespace

void check(const Config& config, const Places& places, std::vector<Mistake>& mistakes) {
  Checker(config, places, mistakes).run();
}

}  // namespace riffle::config
