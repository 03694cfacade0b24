"""Decision streams with known truth, the same for every learner: at each decision the actions' features, their mean
rewards, and the reward that each would earn now (drawn beforehand, so that two learners which choose alike earn alike).

A stream's file: one line of JSON (its kind and sizes), then columns of little-endian numbers: actions of each decision
(uint32), and for every action its item (uint64), mean reward (float32), reward (float32) and features (float32 each).
Kinds: shared (one model over the features), arms (items only), contextual (the features are the same for all actions of
a decision, which differ by item alone).
"""
import csv
import gzip
import json
import pathlib

import numpy as np

DECISIONS = 20_000
ACTIONS = 20
FEATURES = 15
SPREAD = 0.7            # of the means: their standard deviation is about 0.18, the best of 20 earns about 0.83
DRIFT_EVERY = 5_000     # decisions between the truths that the drifting one passes through
FAULTY_WEEKS = range(201326, 201403)
UPWORTHY_TESTS = 50     # a seed: with ten, which tests they are decided more than who chooses
UPWORTHY_DECISIONS = 5_000  # a test


def write(path, kind, counts, items, means, rewards, features):
    head = {"kind": kind, "decisions": len(counts), "actions": int(counts.sum()), "features": features.shape[-1]}
    with open(path, "wb") as out:
        out.write(json.dumps(head).encode() + b"\n")
        for column, numbers in ((counts, "<u4"), (items, "<u8"), (means, "<f4"), (rewards, "<f4"), (features, "<f4")):
            out.write(np.ascontiguousarray(column, numbers).tobytes())


def unit(rng, size):
    vector = rng.normal(size=size)
    return vector / np.linalg.norm(vector)


def finish(path, rng, features, scores, kind="shared"):
    decisions, actions = scores.shape
    means = np.clip(0.5 + scores, 0, 1)
    rewards = rng.random(means.shape) < means
    write(path, kind, np.full(decisions, actions), np.tile(np.arange(actions) + 1, decisions), means, rewards, features)


def linear(path, seed, drift=False):
    rng = np.random.default_rng([1, seed])
    x = rng.normal(size=(DECISIONS, ACTIONS, FEATURES)) / np.sqrt(FEATURES)
    if drift:
        knots = [unit(rng, FEATURES) for _ in range(DECISIONS // DRIFT_EVERY + 1)]
        at, part = np.divmod(np.arange(DECISIONS), DRIFT_EVERY)
        part = (part / DRIFT_EVERY)[:, None]
        truth = (1 - part) * np.array(knots)[at] + part * np.array(knots)[at + 1]
        truth /= np.linalg.norm(truth, axis=1, keepdims=True)
        scores = np.einsum("tkd,td->tk", x, truth)
    else:
        scores = x @ unit(rng, FEATURES)
    constant = np.ones((DECISIONS, ACTIONS, 1))
    finish(path, rng, np.concatenate([x, constant], axis=2), SPREAD * scores)


def drift(path, seed):
    linear(path, seed + 1000, drift=True)


def quadratic(path, seed):
    rng = np.random.default_rng([3, seed])
    users = np.concatenate([np.ones((DECISIONS, 1)), rng.normal(size=(DECISIONS, 4))], axis=1)
    items = rng.normal(size=(ACTIONS, 5))
    taste = rng.normal(size=(5, 5))
    scores = users @ taste @ items.T
    scores *= 0.18 / scores.std()
    products = np.einsum("ti,kj->tkij", users, items).reshape(DECISIONS, ACTIONS, 25) / 5
    constant = np.ones((DECISIONS, ACTIONS, 1))
    finish(path, rng, np.concatenate([products, constant], axis=2), scores)


def upworthy_tests(data):
    tests = {}
    with gzip.open(pathlib.Path(data) / "upworthy" / "packages.csv.gz", "rt", newline="") as rows:
        for row in csv.DictReader(rows):
            if int(row["test_week"]) in FAULTY_WEEKS or int(row["impressions"]) == 0:
                continue
            rate = int(row["clicks"]) / int(row["impressions"])
            tests.setdefault(row["clickability_test_id"], []).append(rate)
    return [rates for _, rates in sorted(tests.items()) if len(rates) >= 2]


def upworthy(path, seed, data):
    rng = np.random.default_rng([6, seed])
    tests = upworthy_tests(data)
    chosen = rng.choice(len(tests), UPWORTHY_TESTS, replace=False)
    order = rng.permutation(np.repeat(np.arange(UPWORTHY_TESTS), UPWORTHY_DECISIONS))
    rates = [np.array(tests[test]) for test in chosen]
    items = [100 * (i + 1) + np.arange(len(r)) for i, r in enumerate(rates)]
    means = np.concatenate([rates[test] for test in order])
    counts = np.array([len(rates[test]) for test in order])
    write(path, "arms", counts, np.concatenate([items[test] for test in order]), means,
          rng.random(len(means)) < means, np.empty((len(means), 0)))


SUPERVISED = ("iris", "wine", "breast_cancer", "digits")


def supervised(path, seed, name):
    from sklearn import datasets

    rng = np.random.default_rng([5, seed])
    x, y = getattr(datasets, "load_" + name)(return_X_y=True)
    x = (x - x.mean(axis=0)) / np.maximum(x.std(axis=0), 1e-9)
    x = np.concatenate([x, np.ones((len(x), 1))], axis=1)
    order = rng.permutation(len(x))
    x, y = x[order], y[order]
    classes = int(y.max()) + 1
    right = y[:, None] == np.arange(classes)[None, :]
    features = np.repeat(x[:, None, :], classes, axis=1)
    write(path, "contextual", np.full(len(x), classes), np.tile(np.arange(classes) + 1, len(x)), right, right, features)


class Truth:
    """What a stream's actions are worth."""

    def __init__(self, path):
        with open(path, "rb") as file:
            head = json.loads(file.readline())
            self.counts = np.fromfile(file, "<u4", head["decisions"]).astype(np.int64)
            file.seek(8 * head["actions"], 1)
            self.means = np.fromfile(file, "<f4", head["actions"]).astype(float)
            self.rewards = np.fromfile(file, "<f4", head["actions"]).astype(float)
        self.ends = np.cumsum(self.counts)
        self.best = np.maximum.reduceat(self.means, self.ends - self.counts)

    def one_each(self, chosen):
        """Whether these actions are one of every decision, in order."""
        return len(chosen) == len(self.ends) and bool(
            np.all((chosen < self.ends) & (chosen >= self.ends - self.counts)))
