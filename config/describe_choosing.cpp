#include <string>
#include <utility>
#include <vector>

#include "config/describe.h"

namespace riffle::config {
namespace {

void describe_explorer(Fields& f, serving::ExplorerOptions& o) {
  f.choice("kind", o.kind, {"greedy", "epsilon", "squarecb", "softmax", "thompson", "regcb", "ucb1", "uniform"},
           "greedy: the best. epsilon: the best, or any. squarecb, softmax: the better, the likelier. thompson: what is best "
           "in a draw of what may be. regcb, ucb1: what could be best. uniform: any. See docs/learning.md.");
  f.share("epsilon", o.epsilon, "Share drawn uniformly over everything allowed (all but greedy and uniform).");
  f.share("epsilon_start", o.epsilon_start, "epsilon: the share before anything was learned, where it is above `epsilon`.");
  f.real("epsilon_half_life", o.epsilon_half_life,
         "epsilon: slots learned until it has come half the way from epsilon_start to `epsilon`.", 1, 1e15);
  f.real("gamma_scale", o.gamma_scale, "squarecb: gamma = gamma_scale * t^gamma_exponent, t the slots learned from.", 0,
         1e9);
  f.real("gamma_exponent", o.gamma_exponent, "squarecb: see gamma_scale.", 0, 1);
  f.whole("top", o.top, "squarecb, softmax: draws among the best so many.", 1, 1000);
  f.real("max_slots_learned", o.max_slots_learned, "squarecb: t is capped here, so that exploring never ends.", 1, 1e15);
  f.real("temperature", o.temperature, "softmax: odds are exp(expected reward over the ceiling / temperature).", 1e-6, 1e6);
  f.real("mellowness", o.mellowness, "regcb: more of it is longer hopeful of what was hardly shown.", 0, 1e6);
}

void describe_adapt(Fields& f, learner::WeightOptions& o) {
  f.choice("kind", o.kind, {"none", "bandit", "target"},
           "none: it stays as it is. bandit: the weight of the grid whose lists earn most. target: the weight whose lists are as unlike "
           "within as is wanted. See docs/learning.md.");
  f.reals("grid", o.grid, "bandit: the weights that it chooses among, ascending, 2 to 16 of them.", 0, 1);
  f.real("prior_lists", o.prior_lists, "bandit: lists for which what all segments tell counts with a segment.", 1e-3, 1e12);
  f.duration("half_life", o.half_life, "bandit: of what was learned, in event time; 0s: never forget.");
  f.real("target", o.target, "target: the mean distance within lists that is wanted.", 0, 1);
  f.choice("distance", o.distance, {"category", "title"}, "target: of what; as riffle_slate_ild measures it.");
  f.real("step", o.step, "target: the weight moves by it times the distance missed.", 1e-6, 1e3);
}

void describe_diversifier(Fields& f, serving::DiversifierOptions& o) {
  f.choice("kind", o.kind, {"none", "mmr", "dpp", "ssd", "calibration"},
           "mmr: far from the most similar slot above. dpp: far from all slots above together. ssd: far from its neighbours. "
           "calibration: categories in the shares that the user has. See docs/learning.md.");
  f.real("weight", o.weight, "Of diversity against the reward; a request's `diversity` takes its place.", 0, 1);
  f.whole("window", o.window, "ssd: a slot differs from those above it among so many neighbouring slots.", 2,
          serving::kMostWindow);
  f.whole("depth", o.depth, "calibration: levels of the category path that count.", 1, 100);
  f.section("adapt", "How the weight is learned, for every user segment, from the policy's own lists.",
            [&](Fields& inner) { describe_adapt(inner, o.adapt); });
}

void describe_cap(Fields& f, serving::CategoryCap& o) {
  f.whole("depth", o.depth, "Levels of the category path that count.", 1, 100);
  f.whole("most", o.most, "Items of one category ...", 1, 1000);
  f.whole("window", o.window, "... among so many neighbouring slots.", 1, 1000);
}

void describe_policy(Fields& f, serving::PolicyOptions& o) {
  f.choice("scorer", o.scorer,
           {"linear", "logistic", "neural_linear", "multi_task", "linear_arms", "arms", "q_table", "dqn", "slateq", "popularity",
            "random", "given"},
           "What orders the candidates; given: the scores that the request brings.");
  f.section("explorer", "How an order becomes probabilities.", [&](Fields& inner) { describe_explorer(inner, o.explorer); });
  f.section("diversifier", "How slots differ from each other.",
            [&](Fields& inner) { describe_diversifier(inner, o.diversifier); });
  f.list("caps", o.caps, "At most so many of a category: a list of {depth: 1, most: 3, window: 10}.", describe_cap);
  f.real("reward_ceiling", o.reward_ceiling,
         "Expected rewards are cut off here and divided by it before diversity is weighed against them.", 1e-9, 1e9);
  f.whole("shortlist", o.shortlist,
          "Candidates of highest score that explorer and diversifier look at, where a request brings more; the rest is only drawn "
          "by the explorer's epsilon. 0: all.", 0, 1'000'000);
}

void describe_experiments(Fields& f, serving::ExperimentOptions& o) {
  f.text("salt", o.salt, "A user's arm is a hash of this and his id: another salt deals the users anew.");
  std::vector<std::pair<std::string, double>> arms;
  for (const serving::Arm& arm : o.arms) arms.emplace_back(arm.policy.str(), arm.share);
  f.shares("arms", arms, "Policy and its share of the users; together 1.");
  o.arms.clear();
  for (const auto& [policy, share] : arms) o.arms.push_back({PolicyId(policy), share});
}

void describe_sources(Fields& f, serving::SourceOptions& o) {
  f.whole("together", o.together, "Seen together with the user's recent items.", 0, 10000);
  f.whole("next", o.next, "Seen after the user's recent items.", 0, 10000);
  f.whole("category", o.category, "Popular in the categories that the user likes.", 0, 10000);
  f.whole("popular", o.popular, "Popular in the long run.", 0, 10000);
  f.whole("trending", o.trending, "Popular now.", 0, 10000);
  f.whole("own", o.own, "The user's own, for what is bought again.", 0, 10000);
  f.whole("fresh", o.fresh, "New in the catalogue.", 0, 10000);
  f.whole("explore", o.explore, "Another handful of the catalogue for each list, so that every item gets its first impressions.", 0,
          10000);
  f.whole("similar", o.similar, "With titles like those of the user's recent items.", 0, 10000);
  f.whole("sequence", o.sequence, "What the encoder of learner.sequence.encoder thinks comes next; nothing where none runs.", 0, 10000);
  f.whole("recent_items", o.recent_items, "Of the user, where `together` and `next` start.", 0, 1000);
}

void describe_serving(Fields& f, serving::ServingOptions& o) {
  f.whole("default_n", o.default_n, "Items of a list where the request does not say.", 1, 1000);
  f.whole("candidates", o.candidates, "Scored a list, after the sources are merged.", 1, 100000);
  f.section("sources", "Candidates wanted of each source; 0: off.", [&](Fields& inner) { describe_sources(inner, o.sources); });
  f.flag("repeat_purchased", o.repeat_purchased, "May what the user bought be listed again?");
  f.flag("repeat_seen", o.repeat_seen, "... and what he clicked or viewed?");
  f.flag("serve_unknown_items", o.serve_unknown_items, "... and items of events that the catalogue does not have?");
  f.share("full_log_share", o.full_log_share,
          "Of the decisions that log all candidates with their features, to be evaluated under any policy.");
  f.whole("sampled_candidates", o.sampled_candidates, "Logged by every other decision.", 0, 1000);
  f.choice("language", o.language, {"en", "zh"}, "Of the reasons, where the request does not say.");
  f.duration("degrade_below", o.degrade_below,
             "With less time left than this until the request's deadline, the list is made the short way.");
}

void describe_draws(Fields& f, learner::DrawOptions& o) {
  f.whole("count", o.count, "That a version ships; 0: none.", 0, learner::kMostDraws);
  f.real("scale", o.scale, "Of their spread; below 1 explores less than the posterior asks for.", 1e-6, 1e6);
}

void describe_future(Fields& f, learner::ReplayedOptions& o) {
  f.real("discount", o.discount, "Of what comes after the user's next list, in [0, 1); 0: the reward of the list alone.", 0,
         0.999999);
  f.duration("discount_time", o.discount_time, "A pause of n times this discounts n times; a shorter one once.",
             Milliseconds(1));
  f.whole("steps", o.steps, "The user's next lists whose rewards are taken as they came, before values are trusted.", 1, 100);
}

void describe_layers(Fields& f, learner::ReplayedOptions& o) {
  f.whole("hidden_1", o.hidden_1, "Units of the first hidden layer ...", 1, 1024);
  f.whole("hidden_2", o.hidden_2, "... and of the second. Other layers start learning anew.", 1, 1024);
  f.real("learning_rate", o.learning_rate, "Of Adam.", 1e-9, 1);
}

void describe_steps(Fields& f, learner::ReplayedOptions& o) {
  f.real("huber", o.huber, "Errors beyond this count linearly.", 1e-9, 1e9);
  f.real("largest_gradient", o.largest_gradient, "Gradients are cut to this length.", 1e-9, 1e9);
  f.real("reward_limit", o.reward_limit, "A slot's reward is cut off here, either way.", 1e-9, 1e6);
  f.whole("batch", o.batch, "Slots a step.", 1, 65536);
  f.real("replays", o.replays, "Times that a slot is learned from, about: more learns faster and costs as much more.", 1e-3,
         1000);
  f.whole("replay_decisions", o.replay_decisions, "Lists held in memory, some 3.5 kB each.", 8, 10'000'000);
}

void describe_replayed(Fields& f, learner::ReplayedOptions& o) {
  describe_layers(f, o);
  f.real("target_rate", o.target_rate, "Of the target network's way to the learning one, a step.", 1e-9, 1);
  describe_steps(f, o);
  f.real("priority_exponent", o.priority_exponent, "How much likelier surprising lists are replayed; 0: not at all.", 0, 1);
  f.real("importance_exponent", o.importance_exponent, "How much of that is weighed out again, at first ...", 0, 1);
  f.whole("importance_steps", o.importance_steps, "... and after so many steps all of it.", 1);
  f.whole("seed", o.seed, "Of the first weights and of what is replayed.", 0);
}

void describe_dqn(Fields& f, learner::DqnOptions& o) {
  describe_future(f, o);
  f.flag("double_q", o.double_q, "One network picks the best next item, the other values it.");
  f.flag("duelling", o.duelling, "What the moment is worth is learned apart from what the item adds.");
  f.real("conservative", o.conservative, "Weight of CQL's penalty on items that were not shown; 0: none.", 0, 1e6);
  describe_replayed(f, o);
}

void describe_slateq(Fields& f, learner::SlateQOptions& o) {
  describe_future(f, o);
  using Target = learner::SlateTarget;
  f.one_of("target", o.target, {{"sarsa", Target::kSarsa}, {"top_k", Target::kTopK}, {"greedy", Target::kGreedy}},
           "The next list whose worth counts: the one that was shown; or the best of its candidates, filled either way, which one "
           "network picks and the other values.");
  using Order = learner::SlateOrder;
  f.one_of("slate", o.slate, {{"top_k", Order::kTopK}, {"greedy", Order::kGreedy}},
           "How lists are filled: each item by its own, or by what it adds to those before it.");
  f.real("advantage_decay", o.advantage_decay,
         "How much, times learning_rate a step, what items differ by in their worth is drawn to nothing; 0: not at all.", 0, 1e6);
  describe_replayed(f, o);
}

void describe_segments(Fields& f, learner::SegmentOptions& o) {
  f.choice("kind", o.kind, {"rule", "kmeans"}, "rule: by activity and dominant category; kmeans: found among the users, as they come.");
  f.whole("count", o.count, "kmeans: clusters.", 2, learner::kMostClusters);
  f.whole("seed", o.seed, "kmeans: of where they begin.", 0);
}

void describe_neural_linear(Fields& f, learner::NeuralLinearOptions& o) {
  f.real("ridge", o.ridge, "Of the head's prior, on every weight.", 1e-9, 1e12);
  f.real("noise_shape", o.noise_shape, "Of the prior of the rewards' variance, an inverse Gamma ...", 1e-9, 1e12);
  f.real("noise_scale", o.noise_scale, "... and its scale: at first a variance of about scale/shape is believed.", 1e-9, 1e12);
  f.whole("rebuild_slots", o.rebuild_slots,
          "After so many slots, sooner at first, the head takes over what the network has learned and is rebuilt from the lists "
          "held in memory.", 512);
  describe_layers(f, o);
  describe_steps(f, o);
  f.whole("seed", o.seed, "Of the first weights and of what is replayed.", 0);
  f.section("draws", "As linear.draws.", [&](Fields& inner) { describe_draws(inner, o.draws); });
}

void describe_heads(Fields& f, learner::HeadNumbers& o) {
  f.real("click", o.click, "The chance of a click.", -1e6, 1e6);
  f.real("purchase", o.purchase, "The chance of a purchase.", -1e6, 1e6);
  f.real("dwell", o.dwell, "The expected share of a full dwell. The head exists where rows.types.dwell.reward is not 0.", -1e6,
         1e6);
  f.real("comeback", o.comeback, "The user's coming back, the later the less. The head exists where reward.comeback is not 0.",
         -1e6, 1e6);
  f.real("other", o.other, "What else the slot earns: other types, terms of the reward.", -1e6, 1e6);
}

void describe_multi_task(Fields& f, learner::MultiTaskOptions& o) {
  f.section("weights",
            "Of the score: each times what such a thing is rewarded with. 1 for all: the expected reward. Others need no learning "
            "anew.",
            [&](Fields& inner) { describe_heads(inner, o.weights); });
  f.duration("full_dwell", o.full_dwell, "A slot's dwell events together, their `value` in seconds, count as far as to it.",
             Milliseconds(1));
  f.whole("experts", o.experts, "That all heads share; each attends to them as it needs.", 1, learner::kMostExperts);
  f.whole("hidden_1", o.hidden_1, "Units of the layer below the experts ...", 1, 1024);
  f.whole("hidden_2", o.hidden_2, "... and of each expert. Other layers or heads start learning anew.", 1, 1024);
  f.real("learning_rate", o.learning_rate, "Of Adam.", 1e-9, 1);
  describe_steps(f, o);
  f.whole("seed", o.seed, "Of the first weights and of what is replayed.", 0);
}

void describe_sequence(Fields& f, learner::SequenceOptions& o) {
  f.choice("encoder", o.encoder, {"none", "mean", "gru", "attention"},
           "That learns beside the policies and is a source of candidates; it takes milliseconds of a core an interaction.");
  f.duration("publish_interval", o.publish_interval, "Of its new versions, while there is something new.", Milliseconds(1000));
  f.whole("keep_versions", o.keep_versions, "Of its versions on `policy`: the newest so many.", 1);
  f.whole("width", o.width, "Numbers of an item's row, and of a user's state.", 4, 1024);
  f.whole("length", o.length, "Last interactions of a user that are read.", 1, 1000);
  f.whole("items", o.items, "With rows; beyond them the one not met for longest goes.", 1, 1 << 24);
  f.whole("admit_after", o.admit_after, "Interactions with an item before it gets a row.", 1);
  f.duration("expire_after", o.expire_after, "Without an interaction: the item's row goes.", Milliseconds(1));
  f.whole("log", o.log, "Interactions held to learn from, some 64 bytes each.", 2, 1 << 30);
  f.whole("step_every", o.step_every, "Interactions from training to training.", 1);
  f.whole("sequences", o.sequences, "A step: of users with something new, filled up with such as are drawn from the log ...", 1);
  f.whole("reach", o.reach, "... so many interactions back on average.", 1);
  f.real("new_weight", o.new_weight, "Of an interaction when it is learned first; 1 when it is drawn.", 1e-3, 1e6);
  f.whole("negatives", o.negatives, "Items drawn a step that were not taken; all, where no more have rows.", 2);
  f.real("learning_rate", o.learning_rate, "Of the layers (Adam) ...", 0, 1);
  f.real("row_learning_rate", o.row_learning_rate, "... and of the rows.", 0, 1);
  f.whole("seed", o.seed, "Of the first numbers and of what is drawn.", 0);
}

void describe_learner(Fields& f, learner::LearnerOptions& o) {
  f.section("linear", "Recursive least squares with forgetting.", [&](Fields& inner) {
    inner.real("ridge", o.linear.ridge, "Of the prior, on every weight: more of it learns more slowly and steadily.", 1e-9,
               1e12);
    inner.duration("half_life", o.linear.half_life, "Of what was learned, in event time; 0s: never forget.");
    inner.real("position_prior", o.linear.position_prior,
               "Slots that must be seen before a position counts as less looked at than the first.", 0, 1e12);
    inner.section("draws", "What the explorer thompson chooses by.", [&](Fields& f2) { describe_draws(f2, o.linear.draws); });
  });
  f.section("logistic", "The log odds of a click, by Laplace's approximation.", [&](Fields& inner) {
    inner.real("ridge", o.logistic.ridge, "As linear.ridge, in log odds.", 1e-9, 1e12);
    inner.duration("half_life", o.logistic.half_life, "As linear.half_life.");
    inner.real("position_prior", o.logistic.position_prior, "As linear.position_prior.", 0, 1e12);
    inner.real("first_rate", o.logistic.first_rate, "Of clicks before anything is learned, in (0, 1).", 1e-9, 0.999999999);
    inner.section("draws", "As linear.draws.", [&](Fields& f2) { describe_draws(f2, o.logistic.draws); });
  });
  f.section("linear_arms", "A linear model of its own for every item.", [&](Fields& inner) {
    inner.real("ridge", o.linear_arms.ridge, "As linear.ridge.", 1e-9, 1e12);
    inner.duration("half_life", o.linear_arms.half_life, "As linear.half_life.");
    inner.whole("max_items", o.linear_arms.max_items, "Each takes 4 KiB of every version; beyond them the least shown go.", 1);
    inner.section("draws", "As linear.draws.", [&](Fields& f2) { describe_draws(f2, o.linear_arms.draws); });
  });
  f.section("arms", "What each item earns, whoever sees it.", [&](Fields& inner) {
    inner.real("prior_slots", o.arms.prior_slots, "For which an item counts as the mean of all.", 1e-9, 1e12);
    inner.duration("half_life", o.arms.half_life, "As linear.half_life.");
    inner.whole("max_items", o.arms.max_items, "Beyond them the least shown go.", 1);
    inner.section("draws", "As linear.draws.", [&](Fields& f2) { describe_draws(f2, o.arms.draws); });
  });
  f.section("q_table", "Q-learning over user segment and category.", [&](Fields& inner) {
    inner.real("learning_rate", o.q_table.learning_rate, "Of a step, in (0, 1].", 1e-9, 1);
    inner.real("discount", o.q_table.discount, "Of the user's next list, in [0, 1).", 0, 0.999999);
    inner.whole("pending_users", o.q_table.pending_users, "Whose last decision waits for their next.", 1);
    inner.whole("max_cells", o.q_table.max_cells, "Of the table.", 1);
    inner.section("segments", "Which segment a user is in. Other ones than the version's: learning starts anew.",
                  [&](Fields& f2) { describe_segments(f2, o.q_table.segments); });
  });
  f.section("dqn", "Deep Q-learning over (user, candidate) features; see docs/learning.md.",
            [&](Fields& inner) { describe_dqn(inner, o.dqn); });
  f.section("slateq", "Q-learning over whole lists, by a learned model of what is chosen of them; see docs/learning.md.",
            [&](Fields& inner) { describe_slateq(inner, o.slateq); });
  f.section("neural_linear", "A Bayesian linear regression on what a network makes of the features; see docs/learning.md.",
            [&](Fields& inner) { describe_neural_linear(inner, o.neural_linear); });
  f.section("multi_task",
            "A head each for clicks, purchases and more over shared layers, and weights for them; see docs/learning.md.",
            [&](Fields& inner) { describe_multi_task(inner, o.multi_task); });
  f.section("sequence", "Encoders of a user's last interactions; see docs/learning.md.",
            [&](Fields& inner) { describe_sequence(inner, o.sequence); });
  f.section("network", "Where networks train.", [&](Fields& inner) {
    inner.choice("device", o.network.device, {"auto", "cpu", "cuda"}, "auto: a GPU if LibTorch finds one.");
    inner.text("module", o.network.module, "File of the network module; empty: libriffle_network.so beside the program.");
  });
  f.duration("publish_interval", o.publish_interval, "Of new versions, while there is something new.", Milliseconds(1));
  f.bytes("block_bytes", o.block_bytes, "Of a version, a record of the `policy` topic.", 1024);
  f.whole("keep_versions", o.keep_versions, "The newest so many, and one an hour for 7 days.", 1);
}

}  // namespace

void describe_choosing(Fields& f, Config& config) {
  f.named<serving::PolicyOptions>(
      "policies", config.policies, "By name; further ones may be added. Which users get which: `experiments`.",
      [](const serving::PolicyOptions& policy) { return policy.id.str(); },
      [](const std::string& name) {
        serving::PolicyOptions policy;
        policy.id = PolicyId(name);
        return policy;
      },
      describe_policy);
  f.section("experiments", "Which users get which policy.",
            [&](Fields& inner) { describe_experiments(inner, config.experiments); });
  f.section("serving", "How a request is answered.", [&](Fields& inner) { describe_serving(inner, config.serving); });
  f.section("learner", "How policies learn from outcomes.", [&](Fields& inner) { describe_learner(inner, config.learner); });
}

}  // namespace riffle::config
