"""Runs `riffle ope` and OBP 0.4.1 (the Open Bandit Pipeline) on the same logs with the same propensities
and the same reward model, and holds their estimates equal to 1e-9.

    obp_compare.py RIFFLE [OPEN_BANDIT_DIRECTORY]

On the Open Bandit men logs (the ones in OBP's wheel, unless a directory is given), and on OBP's
synthetic bandit and slate data, whose true value is known: there it also prints how far both are from it.
"""
import csv
import gzip
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import obp
from obp.dataset import SyntheticBanditDataset, SyntheticSlateBanditDataset, logistic_reward_function
from obp.ope import (DirectMethod, DoublyRobust, DoublyRobustWithShrinkage,
                     InverseProbabilityWeighting, SelfNormalizedDoublyRobust,
                     SelfNormalizedInverseProbabilityWeighting, SlateIndependentIPS,
                     SlateRewardInteractionIPS, SlateStandardIPS)

TOLERANCE = 1e-9
SHRINKAGE = 3.0
SINGLE = "dm,ips,snips,dr,sndr,dros"
riffle = sys.argv[1]
compared = worst = 0


def ask(*arguments):
    """value by estimator; exit code 9 is a refusal, which --force turns into numbers."""
    done = subprocess.run([riffle, "ope", *arguments, "--format", "json", "--force", "--folds", "1",
                           "--resamples", "10"], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"riffle ope {' '.join(arguments)}: exit code {done.returncode}\n{done.stderr}")
    report = json.loads(done.stdout)
    return {row["estimator"]: row["value"] for row in report["estimates"]}


def hold_equal(where, ours, theirs):
    global compared, worst
    for name, value in theirs.items():
        difference = abs(ours[name] - value)
        compared += 1
        worst = max(worst, difference)
        print(f"{where:28} {name:8} riffle {ours[name]:.12f}  obp {value:.12f}  {difference:.1e}")
        if not difference <= TOLERANCE:
            sys.exit(f"{where}: {name} differs by {difference}")


def single_slot(reward, action, pscore, position, action_dist, model):
    """OBP's estimates, with q̂ as given."""
    common = dict(reward=reward, action=action, position=position)
    q = dict(estimated_rewards_by_reg_model=model, action_dist=action_dist)
    return {
        "dm": DirectMethod().estimate_policy_value(position=position, **q),
        "ips": InverseProbabilityWeighting().estimate_policy_value(
            pscore=pscore, action_dist=action_dist, **common),
        "snips": SelfNormalizedInverseProbabilityWeighting().estimate_policy_value(
            pscore=pscore, action_dist=action_dist, **common),
        "dr": DoublyRobust().estimate_policy_value(pscore=pscore, **common, **q),
        "sndr": SelfNormalizedDoublyRobust().estimate_policy_value(pscore=pscore, **common, **q),
        "dros": DoublyRobustWithShrinkage(lambda_=SHRINKAGE).estimate_policy_value(
            pscore=pscore, **common, **q),
    }


def table_model(reward, action, position, actions, positions, prior=50.0):
    """(S + prior·g) / (N + prior) over action × position, fitted in sample."""
    total = np.zeros((actions, positions))
    count = np.zeros((actions, positions))
    np.add.at(total, (action, position), reward)
    np.add.at(count, (action, position), 1)
    fitted = (total + prior * reward.mean()) / (count + prior)
    return np.broadcast_to(fitted, (len(reward), actions, positions))


def open_bandit(directory, policy, work):
    plain = os.path.join(directory, policy, "men", "men.csv")
    path = plain if os.path.exists(plain) else plain + ".gz"
    opener = open if path == plain else gzip.open
    with opener(path, "rt") as file:
        rows = list(csv.DictReader(file))
    action = np.array([int(row["item_id"]) for row in rows])
    position = np.array([int(row["position"]) - 1 for row in rows])
    reward = np.array([float(row["click"]) for row in rows])
    pscore = np.array([float(row["propensity_score"]) for row in rows])
    actions, positions = 34, 3
    model = table_model(reward, action, position, actions, positions)
    # A target that differs by position and item, and one that is uniform.
    target = np.random.default_rng(7).dirichlet(np.full(actions, 0.7), size=positions).T
    file_of_target = os.path.join(work, "target.csv")
    with open(file_of_target, "w") as file:
        file.write("item_id,position,probability\n")
        for item in range(actions):
            for place in range(positions):
                file.write(f"{item},{place + 1},{float(target[item, place])!r}\n")
    for name, distribution in ((file_of_target, target),
                               ("uniform", np.full((actions, positions), 1 / actions))):
        dist = np.broadcast_to(distribution, (len(rows), actions, positions))
        hold_equal(f"Open Bandit {policy} → {os.path.basename(name)}",
                   ask(path, "--log", "open-bandit", "--target", name, "-e", SINGLE, "--shrinkage",
                       str(SHRINKAGE)),
                   single_slot(reward, action, pscore, position, dist, model))


def synthetic_bandit(work, rounds=5000, actions=6):
    data = SyntheticBanditDataset(n_actions=actions, dim_context=4, reward_type="binary",
                                  reward_function=logistic_reward_function, random_state=3)
    log = data.obtain_batch_bandit_feedback(n_rounds=rounds)
    expected = log["expected_reward"]
    scores = np.exp(3 * expected)
    dist = (scores / scores.sum(axis=1, keepdims=True))[:, :, np.newaxis]
    path = os.path.join(work, "bandit.jsonl")
    with open(path, "w") as file:
        for i in range(rounds):
            file.write(json.dumps({
                "action": int(log["action"][i]), "reward": float(log["reward"][i]),
                "propensity": float(log["pscore"][i]),
                "target": {str(a): float(dist[i, a, 0]) for a in range(actions)}}) + "\n")
    position = np.zeros(rounds, dtype=int)
    model = table_model(log["reward"], log["action"], position, actions, 1)
    ours = ask(path, "--target", "lines", "-e", SINGLE, "--shrinkage", str(SHRINKAGE))
    hold_equal("synthetic bandit", ours,
               single_slot(log["reward"], log["action"], log["pscore"], position, dist, model))
    truth = (expected * dist[:, :, 0]).sum(axis=1).mean()
    print(f"{'':28} truth {truth:.5f}: ips {ours['ips']:.5f}, dr {ours['dr']:.5f}")


def synthetic_slate(work, rounds=3000, length=3, actions=6):
    data = SyntheticSlateBanditDataset(n_unique_action=actions, len_list=length, dim_context=2,
                                       reward_type="binary", reward_structure="cascade_additive",
                                       base_reward_function=logistic_reward_function, random_state=3)
    log = data.obtain_batch_bandit_feedback(n_rounds=rounds, return_pscore_item_position=True)
    whole, marginal, cascade = data.generate_evaluation_policy_pscore(
        evaluation_policy_type="optimal", context=log["context"], action=log["action"], epsilon=0.5)
    path = os.path.join(work, "slates.jsonl")
    with open(path, "w") as file:
        for i in range(rounds * length):
            first = log["position"][i] == 0
            # Conditional probabilities from the products of prefixes.
            ours = log["pscore_cascade"][i] / (1 if first else log["pscore_cascade"][i - 1])
            target = cascade[i] / (1 if first else cascade[i - 1])
            file.write(json.dumps({
                "recommendation_id": str(log["slate_id"][i]), "position": int(log["position"][i]),
                "action": int(log["action"][i]), "reward": float(log["reward"][i]),
                "propensity": float(ours), "target_propensity": float(target),
                "marginal_propensity": float(log["pscore_item_position"][i]),
                "target_marginal_propensity": float(marginal[i])}) + "\n")
    common = dict(slate_id=log["slate_id"], reward=log["reward"], position=log["position"])
    hold_equal("synthetic slates", ask(path, "--target", "lines", "-e", "sips,rips,iips"), {
        "sips": SlateStandardIPS(len_list=length).estimate_policy_value(
            pscore=log["pscore"], evaluation_policy_pscore=whole, **common),
        "rips": SlateRewardInteractionIPS(len_list=length).estimate_policy_value(
            pscore_cascade=log["pscore_cascade"], evaluation_policy_pscore_cascade=cascade, **common),
        "iips": SlateIndependentIPS(len_list=length).estimate_policy_value(
            pscore_item_position=log["pscore_item_position"],
            evaluation_policy_pscore_item_position=marginal, **common),
    })


with tempfile.TemporaryDirectory() as folder:
    bandit_logs = sys.argv[2] if len(sys.argv) > 2 else os.path.join(
        os.path.dirname(obp.__file__), "dataset", "obd")
    for logging_policy in ("random", "bts"):
        open_bandit(bandit_logs, logging_policy, folder)
    synthetic_bandit(folder)
    synthetic_slate(folder)
print(f"{compared} estimates equal to {TOLERANCE}; the largest difference is {worst:.1e}")
