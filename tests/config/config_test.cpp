#include "config/config.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/errors.h"

namespace riffle::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

Environment variables(std::map<std::string, std::string> set = {}) {
  return [set = std::move(set)](const std::string& name) -> std::optional<std::string> {
    const auto it = set.find(name);
    if (it == set.end()) return std::nullopt;
    return it->second;
  };
}

std::vector<std::string> mistakes(const std::string& yaml, std::map<std::string, std::string> set = {}) {
  std::vector<std::string> texts;
  for (const Mistake& mistake : parse(yaml, variables(std::move(set))).mistakes) texts.push_back(mistake.text("f"));
  return texts;
}

Config good(const std::string& yaml, std::map<std::string, std::string> set = {}) {
  Parsed parsed = parse(yaml, variables(std::move(set)));
  for (const Mistake& mistake : parsed.mistakes) ADD_FAILURE() << mistake.text("f");
  return parsed.config;
}

TEST(Config, AnEmptyFileMeansAllDefaults) {
  EXPECT_EQ(to_yaml(good("")), to_yaml(Config()));
  EXPECT_EQ(to_yaml(good("# nothing\n")), to_yaml(Config()));
  EXPECT_EQ(to_yaml(good("http:\nserving:\n")), to_yaml(Config()));
  EXPECT_FALSE(Config().uses_kafka());
}

TEST(Config, EveryKindOfValueIsRead) {
  const Config config = good(R"(
kafka:
  bootstrap.servers: broker:9092
  security.protocol: SSL
topics: {prefix: shop., partitions: 16, retention: forever, epochs_retention: 90d}
ingest:
  limits: {record_bytes: 64KiB}
  partitioner: crc32
rows:
  slow_half_life: 30d
  types:
    click: {weight: 2}
    gift_wrap: {weight: 3.5, reward: 0.5, reward_window: 2h}
join:
  impression_surfaces: [home, "cart page"]
policies:
  linear:
    diversifier: {kind: mmr, weight: 0.25, adapt: {kind: bandit, grid: [0, 0.5, "1"]}}
    caps:
      - {depth: 2, most: 1}
      - window: 4
  table:
    scorer: q_table
experiments:
  arms: {linear: 0.75, table: 0.25}
serving: {repeat_seen: false, language: zh}
state: {fsync: batch, cached_users: 1000}
epoch: {interval: 50ms}
worker: {on_lost_offset: earliest, learner: false}
http: {port: 0}
log_level: debug
)");
  EXPECT_TRUE(config.uses_kafka());
  EXPECT_EQ(config.kafka.at("bootstrap.servers"), "broker:9092");
  EXPECT_EQ(config.kafka.at("security.protocol"), "SSL");
  EXPECT_EQ(config.topics.prefix, "shop.");
  EXPECT_EQ(config.topics.partitions, 16);
  EXPECT_EQ(config.topics.retention, -1ms);
  EXPECT_EQ(config.topics.epochs_retention, 24h * 90);
  EXPECT_EQ(config.ingest.limits.record_bytes, 65536u);
  EXPECT_EQ(config.ingest.limits.id_bytes, 256u);
  EXPECT_EQ(config.ingest.partitioner, ingest::PartitionerSetting::kCrc32);
  EXPECT_EQ(config.rows.slow_half_life, 24h * 30);
  ASSERT_EQ(config.rows.types.size(), features::default_types().size() + 1);
  EXPECT_EQ(config.rows.types[1].name, "click");
  EXPECT_EQ(config.rows.types[1].weight, 2);
  EXPECT_EQ(config.rows.types[1].reward, 1);  // the default's
  EXPECT_EQ(config.rows.types.back().name, "gift_wrap");
  EXPECT_EQ(config.rows.types.back().reward_window, 2h);
  EXPECT_THAT(config.join.impression_surfaces, ElementsAre("home", "cart page"));
  ASSERT_EQ(config.policies.size(), 4u);
  EXPECT_EQ(config.policies[0].diversifier.kind, "mmr");
  EXPECT_EQ(config.policies[0].diversifier.weight, 0.25);
  EXPECT_EQ(config.policies[0].diversifier.adapt.kind, "bandit");
  EXPECT_THAT(config.policies[0].diversifier.adapt.grid, ElementsAre(0, 0.5, 1));
  EXPECT_EQ(config.policies[0].explorer.kind, "squarecb");
  ASSERT_EQ(config.policies[0].caps.size(), 2u);
  EXPECT_EQ(config.policies[0].caps[0].depth, 2u);
  EXPECT_EQ(config.policies[0].caps[0].most, 1u);
  EXPECT_EQ(config.policies[0].caps[1].window, 4u);
  EXPECT_EQ(config.policies[3].id, PolicyId("table"));
  EXPECT_EQ(config.policies[3].scorer, "q_table");
  ASSERT_EQ(config.experiments.arms.size(), 2u);
  EXPECT_EQ(config.experiments.arms[1].policy, PolicyId("table"));
  EXPECT_EQ(config.experiments.arms[1].share, 0.25);
  EXPECT_FALSE(config.serving.repeat_seen);
  EXPECT_EQ(config.serving.language, "zh");
  EXPECT_EQ(config.state.fsync, pipeline::Fsync::kBatch);
  EXPECT_EQ(config.epoch.interval, 50ms);
  EXPECT_EQ(config.epoch.catching_up_interval, 5000ms);
  EXPECT_EQ(config.worker.on_lost_offset, pipeline::LostOffset::kEarliest);
  EXPECT_FALSE(config.worker.learner);
  EXPECT_EQ(config.http.port, 0);
  EXPECT_EQ(config.log_level, "debug");
}

TEST(Config, WhatIsWrittenReadsBackTheSame) {
  const Config config = good(R"(
kafka: {bootstrap.servers: "a:1,b:2", sasl.password: "quote \" back \\ $${x} # no comment"}
join: {impression_surfaces: ["", "a, b", "-x"]}
policies: {mine: {scorer: given, caps: [{most: 2}, {depth: 3}]}}
experiments: {arms: {mine: 0.1, linear: 0.9}}
topics: {retention: 36h}
)");
  EXPECT_EQ(config.kafka.at("sasl.password"), "quote \" back \\ ${x} # no comment");
  EXPECT_EQ(to_yaml(good(to_yaml(config))), to_yaml(config));
}

TEST(Config, VariablesAreSubstituted) {
  const Config config = good(R"(
kafka: {bootstrap.servers: "${HOST}:${PORT:-9092}"}
http: {port: "${PAGES}"}
state: {directory: "${DIR:-/var/lib/riffle}"}
experiments: {salt: "$${HOST}"}
)",
                             {{"HOST", "broker"}, {"PAGES", "81"}, {"DIR", ""}});
  EXPECT_EQ(config.kafka.at("bootstrap.servers"), "broker:9092");
  EXPECT_EQ(config.http.port, 81);
  EXPECT_EQ(config.state.directory, "/var/lib/riffle");
  EXPECT_EQ(config.experiments.salt, "${HOST}");
  EXPECT_THAT(mistakes("http: {address: \"${ADDRESS}\"}\n"),
              ElementsAre("f:1:17: http.address: the environment variable ADDRESS is not set; set it, or write "
                          "${ADDRESS:-default}"));
  EXPECT_THAT(mistakes("http:\n  port: ${PORT}\n", {{"PORT", "many"}}),
              ElementsAre("f:2:9: http.port: expected a whole number from 0 to 65535; found \"many\" (from ${PORT})"));
  EXPECT_THAT(mistakes("worker: {name: \"${NAME\"}"),
              ElementsAre("f:1:16: worker.name: `${` without its `}`; write `$${` for a literal `${`"));
  EXPECT_THAT(mistakes("worker: {name: \"${9a}\"}"),
              ElementsAre("f:1:16: worker.name: `${9a}` does not name an environment variable"));
}

struct Case {
  const char* yaml;
  const char* message;
};

const Case kCases[] = {
    {"http:\n  prot: 1\n", "f:2:3: http.prot: unknown key; did you mean `port`?"},
    {"htpt: {}\n", "f:1:1: htpt: unknown key; did you mean `http`?"},
    {"state: {zzzzzzzz: 1}\n",
     "f:1:9: state.zzzzzzzz: unknown key; known here: directory, fsync, cached_users, cached_items, cached_decisions, "
     "cached_lists, write_buffer_bytes, block_cache_bytes, wait_for_lock"},
    {"policies:\n  linear:\n    explorer: {epsilom: 1}\n",
     "f:3:16: policies.linear.explorer.epsilom: unknown key; did you mean `epsilon`?"},
    {"http: {port: 1, port: 2}\n", "f:1:17: http.port: given twice; the first is in line 1"},
    {"http: 8080\n", "f:1:1: http: expected keys and values; found \"8080\""},
    {"http: [a]\n", "f:1:1: http: expected keys and values; found a list"},
    {"- a\n", "f:1:1: expected keys and values, as `http:`; found a list"},
    {"http: {port: 99999}\n", "f:1:14: http.port: expected a whole number from 0 to 65535; found \"99999\""},
    {"http: {port: -1}\n", "f:1:14: http.port: expected a whole number from 0 to 65535; found \"-1\""},
    {"http: {port: [1]}\n", "f:1:14: http.port: expected a whole number from 0 to 65535; found a list"},
    {"http:\n  port:\n", "f:2:3: http.port: expected a whole number from 0 to 65535; found nothing"},
    {"rows: {neighbours: 0}\n", "f:1:20: rows.neighbours: expected a whole number from 1 to 10000; found \"0\""},
    {"epoch: {interval: 100}\n",
     "f:1:19: epoch.interval: expected a duration of at least 1ms, as 100ms, 30s, 5m, 2h or 7d; found \"100\""},
    {"epoch: {dirty_bytes: 1 parsec}\n",
     "f:1:22: epoch.dirty_bytes: expected a size of at least 1MiB, as 4096, 512KiB or 2GiB; found \"1 parsec\""},
    {"topics: {retention: ever}\n",
     "f:1:21: topics.retention: expected a duration, as 30s, 5m, 2h or 7d, or forever; found \"ever\""},
    {"worker: {learner: yes}\n", "f:1:19: worker.learner: expected true or false; found \"yes\""},
    {"state: {fsync: epcoh}\n",
     "f:1:16: state.fsync: expected one of epoch, batch, never; found \"epcoh\"; did you mean `epoch`?"},
    {"policies: {linear: {scorer: lienar}}\n",
     "f:1:29: policies.linear.scorer: expected one of linear, logistic, neural_linear, multi_task, linear_arms, "
     "arms, q_table, dqn, slateq, popularity, random, given; found \"lienar\"; "
     "did you mean `linear`?"},
    {"policies: {linear: {diversifier: {weight: 2}}}\n",
     "f:1:43: policies.linear.diversifier.weight: expected a number from 0 to 1; found \"2\""},
    {"policies: {linear: {caps: [{most: 11}]}}\n",
     "f:1:29: policies.linear.caps[0].most: is more than the window holds, so it caps nothing"},
    {"policies: {linear: {caps: [3]}}\n",
     "f:1:28: policies.linear.caps[0]: expected keys and values; found \"3\""},
    {"learner: {linear: {ridge: .nan}}\n",
     "f:1:27: learner.linear.ridge: expected a number from 1e-09 to 1e+12; found \".nan\""},
    {"join: {impression_surfaces: home}\n",
     "f:1:8: join.impression_surfaces: expected a list, as [home, cart]; found \"home\""},
    {"kafka: {bootstrap.servers: [a]}\n", "f:1:28: kafka.bootstrap.servers: expected text; found a list"},
    {"kafka: {client.id: a}\n",
     "f:1:1: kafka: bootstrap.servers is missing, as `bootstrap.servers: localhost:9092`"},
    {"kafka: {bootstrap.servers: a}\nlocal: {directory: b}\n",
     "f:1:1: kafka: kafka and local are both given; keep the one that Riffle is to run on"},
    {"state: {directory: x}\nlocal: {directory: ./x}\n",
     "f:1:9: state.directory: is the local bus's directory, too (./x); they need one each"},
    {"topics: {prefix: \"a b\"}\n",
     "f:1:10: topics.prefix: a topic's name may have letters, digits, `.`, `_` and `-`, and 200 of them here"},
    {"ingest: {limits: {record_bytes: 8MiB}}\n",
     "f:1:19: ingest.limits.record_bytes: is more than topics.max_message_bytes (4MiB), so no such record could "
     "come"},
    {"rows: {slow_half_life: 1h}\n",
     "f:1:8: rows.fast_half_life: must be shorter than slow_half_life (1h)"},
    {"rows: {history_length: 7}\n",
     "f:1:8: rows.next_window: is longer than the history that is kept (history_length 7)"},
    {"experiments: {arms: {linaer: 1}}\n",
     "f:1:22: experiments.arms.linaer: there is no policy of this name; did you mean `linear`?"},
    {"experiments:\n  arms: {linear: 0.5, random: 0.4}\n",
     "f:2:3: experiments.arms: the shares must sum to 1; they sum to 0.9"},
    {"policies: {table: {scorer: q_table, explorer: {kind: thompson}}}\n",
     "f:1:48: policies.table.explorer.kind: thompson explores by how unsure the scorer is, and q_table does not say it; "
     "linear, logistic, neural_linear, linear_arms and arms do"},
    {"learner: {multi_task: {weights: {comeback: 2}}}\n",
     "f:1:34: learner.multi_task.weights.comeback: there is no such head: reward.comeback is 0, so lists are not told of it"},
    {"rows: {types: {purchase: {reward: 0}}}\nlearner: {multi_task: {weights: {purchase: 3, dwell: 0}}}\n",
     "f:2:34: learner.multi_task.weights.purchase: there is no such head: rows.types.purchase.reward is 0, so lists are not "
     "told of it"},
    {"learner: {multi_task: {weights: {dwell: 2}}}\n",
     "f:1:34: learner.multi_task.weights.dwell: there is no such head: rows.types.dwell.reward is 0, so lists are not told of it"},
    {"learner: {multi_task: {experts: 32, hidden_2: 64}}\n",
     "f:1:37: learner.multi_task.hidden_2: 32 experts of 64 units are more than 1024 units together"},
    {"learner: {slateq: {advantage_decay: 1000}}\n",
     "f:1:20: learner.slateq.advantage_decay: times learning_rate (0.001) must be below 1"},
    {"learner: {q_table: {segments: {kind: kmean}}}\n",
     "f:1:38: learner.q_table.segments.kind: expected one of rule, kmeans; found \"kmean\"; did you mean `kmeans`?"},
    {"learner: {q_table: {segments: {kind: kmeans, count: 1}}}\n",
     "f:1:53: learner.q_table.segments.count: expected a whole number from 2 to 256; found \"1\""},
    {"policies: {linear: {diversifier: {adapt: {kind: bandit, grid: []}}}}\n",
     "f:1:57: policies.linear.diversifier.adapt.grid: expected 2 to 16 ascending weights, as [0, 0.1, 0.2]"},
    {"policies: {linear: {diversifier: {adapt: {kind: bandit, grid: [0.2, 0.1]}}}}\n",
     "f:1:57: policies.linear.diversifier.adapt.grid: expected 2 to 16 ascending weights, as [0, 0.1, 0.2]"},
    {"policies: {linear: {diversifier: {adapt: {grid: [0, 2]}}}}\n",
     "f:1:53: policies.linear.diversifier.adapt.grid[1]: expected a number from 0 to 1; found \"2\""},
    {"policies: {linear: {diversifier: {adapt: {grid: 0.1}}}}\n",
     "f:1:43: policies.linear.diversifier.adapt.grid: expected a list of numbers, as [0, 0.1, 0.2]; found \"0.1\""},
    {"policies: {linear: {diversifier: {adapt: {kind: target, target: 1.5}}}}\n",
     "f:1:65: policies.linear.diversifier.adapt.target: expected a number from 0 to 1; found \"1.5\""},
    {"policies: {popularity: {diversifier: {adapt: {kind: target}}}}\n",
     "f:1:47: policies.popularity.diversifier.adapt.kind: a policy without a diversifier has no weight to learn; choose a "
     "diversifier, or take adapt away"},
    {"policies: {encoder: {scorer: linear}}\n",
     "f:1:12: policies.encoder: is what versions of the encoder of users' histories are called; give the policy another name"},
    {"learner: {sequence: {encoder: lstm}}\n",
     "f:1:31: learner.sequence.encoder: expected one of none, mean, gru, attention; found \"lstm\""},
    {"learner: {sequence: {encoder: gru, length: 60}}\n",
     "f:1:36: learner.sequence.length: is more than the history that users' rows keep (history_length 50), so lists would be made of "
     "less than was learned from"},
    {"experiments: {arms: {linear: 2}}\n",
     "f:1:30: experiments.arms.linear: expected a number from 0 to 1; found \"2\""},
    {"experiments: {arms: {}}\n", "f:1:15: experiments.arms: the shares must sum to 1; they sum to 0"},
    {"serving: {candidates: 5}\n",
     "f:1:11: serving.default_n: is more than the candidates that are scored (5)"},
    {"serving: {sources: {together: 0, next: 0, popular: 0, trending: 0, own: 0, fresh: 0, category: 0, explore: 0}}\n",
     "f:1:11: serving.sources: every source is off, so there would be nothing to choose from"},
    {"reward: {comeback_after: 8d}\n",
     "f:1:10: reward.comeback_after: who stays away for longer than comeback_within (7d) does not come back; say less"},
    {"reward: {aggregate: mean}\n",
     "f:1:21: reward.aggregate: expected one of sum, first, last, max; found \"mean\"; did you mean `max`?"},
    {"epoch: {interval: 6s}\n",
     "f:1:9: epoch.catching_up_interval: must not be shorter than interval (6s)"},
    {"worker: {name: \"\"}\n", "f:1:10: worker.name: must not be empty"},
    {"http: {address: localhost}\n",
     "f:1:8: http.address: expected an IP address, as 127.0.0.1 or 0.0.0.0; found \"localhost\""},
    {"a: 1\n---\nb: 2\n", "f:2:1: a second document begins; only one is read"},
    {", a: 1\n", "f:1:1: not YAML: nothing begins with a comma"},
    {"http: {port: 1}\n]\n", "f:2:1: not YAML: illegal flow end"}};

TEST(Config, EveryMistakeIsSaidWithItsPlaceAndCure) {
  for (const Case& one : kCases) EXPECT_THAT(mistakes(one.yaml), ElementsAre(one.message)) << one.yaml;
}

TEST(Config, AllMistakesAreListedAtOnceInTheOrderOfTheirLines) {
  EXPECT_THAT(mistakes(R"(htpt:
  port: 1
state:
  fsync: sometimes
  cached_users: many
epoch: {interval: 5}
experiments:
  arms: {linear: 0.5, nobody: 0.2}
log_level: loud
)"),
              ElementsAre("f:1:1: htpt: unknown key; did you mean `http`?",
                          "f:4:10: state.fsync: expected one of epoch, batch, never; found \"sometimes\"",
                          "f:5:17: state.cached_users: expected a whole number of at least 1; found \"many\"",
                          "f:6:19: epoch.interval: expected a duration of at least 1ms, as 100ms, 30s, 5m, 2h or 7d; found "
                          "\"5\"",
                          "f:8:3: experiments.arms: the shares must sum to 1; they sum to 0.7",
                          "f:8:23: experiments.arms.nobody: there is no policy of this name",
                          "f:9:12: log_level: expected one of trace, debug, info, warn, error, off; found \"loud\""));
}

TEST(Config, WhatIsNotYamlIsSaidWithItsPlace) {
  const auto texts = mistakes("http:\n  port: [1, 2\nstate: {}\n");
  ASSERT_EQ(texts.size(), 1u);
  EXPECT_THAT(texts[0], ::testing::MatchesRegex("f:[0-9]+:[0-9]+: not YAML: .*"));
  EXPECT_EQ(mistakes(std::string(100000, '[')).size(), 1u);
}

TEST(Config, HeadsAreRewardedWithWhatListsAreJudgedBy) {
  const auto rewards = [](const Config& config) {
    const learner::HeadNumbers& heads = config.learner.multi_task.rewards;
    return std::vector<double>{heads.click, heads.purchase, heads.dwell, heads.comeback, heads.other};
  };
  EXPECT_THAT(rewards(Config()), ElementsAre(1, 1, 0, 0, 1));
  EXPECT_THAT(rewards(parse("http: {port: 1}\n").config), ElementsAre(1, 1, 0, 0, 1));
  const auto said = parse(
      "rows: {types: {purchase: {reward: 5}, dwell: {reward: 0.5}}}\nreward: {relevance: 2, comeback: 0.25}\n"
      "learner: {multi_task: {weights: {purchase: 0.5, comeback: 3}}}\n");
  ASSERT_TRUE(said.mistakes.empty());
  EXPECT_THAT(rewards(said.config), ElementsAre(2, 10, 1, .25, 1));
  EXPECT_EQ(said.config.learner.multi_task.weights.comeback, 3);
}

TEST(Config, FilesAreLoadedOrRefusedWhole) {
  const std::string file = ::testing::TempDir() + "/riffle_config_test.yaml";
  std::ofstream(file) << "http: {prot: 1}\nlog_level: loud\n";
  const auto refused = load(file);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.status().message()),
              ::testing::StartsWith(file + ":1:8: http.prot: unknown key; did you mean `port`?\n" + file + ":2:12: log_level"));
  std::ofstream(file) << "http: {port: 7}\n";
  const auto loaded = load(file);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->http.port, 7);
  std::ofstream(file).close();
  EXPECT_TRUE(load(file).ok());
  std::filesystem::remove(file);
  EXPECT_EQ(load(file).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(load(::testing::TempDir()).status().code(), absl::StatusCode::kNotFound);
}

std::string file_text(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// config/default.yaml is written by the same table that reads it. After a change of the table:
//   RIFFLE_WRITE_DEFAULT_YAML=1 <build>/tests/config_tests --gtest_filter='*DefaultYaml*'
TEST(Config, DefaultYamlHasEveryKeyWithItsCommentAndDefault) {
  const std::string path = std::string(RIFFLE_SOURCE_DIR) + "/config/default.yaml";
  if (std::getenv("RIFFLE_WRITE_DEFAULT_YAML") != nullptr) std::ofstream(path) << to_yaml(Config());
  const std::string text = file_text(path);
  EXPECT_EQ(text, to_yaml(Config()));
  EXPECT_EQ(to_yaml(good(text)), text);
}

TEST(Config, DockerYamlIsRight) {
  const std::string text = file_text(std::string(RIFFLE_SOURCE_DIR) + "/config/docker.yaml");
  EXPECT_EQ(good(text, {{"KAFKA_BOOTSTRAP", "kafka:9092"}}).kafka.at("bootstrap.servers"), "kafka:9092");
}

}  // namespace
}  // namespace riffle::config
