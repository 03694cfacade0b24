"""Tunes both sides, compares them, and writes the table."""
import json
import pathlib
import subprocess
import sys

import numpy as np

import riffle
import streams
import vowpal

TASKS = {
    "linear": (streams.linear, "linear truth, 20 actions × 15 features, 20,000 decisions"),
    "drift": (streams.drift, "the same, the truth drifting"),
    "quadratic": (streams.quadratic, "quadratic user × item truth, 20 items, 20,000 decisions"),
    "upworthy": (None, "Upworthy: 10 tests × 5,000 decisions, their packages as arms"),
    "iris": (None, "iris"), "wine": (None, "wine"), "breast_cancer": (None, "breast cancer"), "digits": (None, "digits")}
SHUFFLES = 10   # of a supervised set, to compare on


class Store:
    """Results by (side, task, seed, configuration), a line of JSON each."""

    def __init__(self, path):
        self.path = path
        self.known = {}
        if path.exists():
            for line in path.read_text().splitlines():
                key, value = json.loads(line)
                self.known[tuple(key)] = value

    def add(self, key, value):
        self.known[key] = value
        with open(self.path, "a") as out:
            out.write(json.dumps([key, value]) + "\n")


class Laboratory:
    """Makes streams when they are needed, and keeps the last one."""

    def __init__(self, work, data, driver):
        self.work, self.data, self.driver = pathlib.Path(work), data, driver
        self.work.mkdir(parents=True, exist_ok=True)
        self.store = Store(self.work / "results.jsonl")

    def stream(self, task, seed, folder):
        path = pathlib.Path(folder) / f"{task}-{seed}.stream"
        if not path.exists():
            self.forget(folder)
            if task == "upworthy":
                streams.upworthy(path, seed, self.data)
            elif task in streams.SUPERVISED:
                streams.supervised(path, seed, task)
            else:
                TASKS[task][0](path, seed)
        return path

    def forget(self, folder):
        for old in pathlib.Path(folder).glob("*-*.*"):
            old.unlink()

    def missing(self, side, task, seed, configs):
        return [config for config in configs if (side, task, seed, config) not in self.store.known]

    def results(self, side, task, seeds, configs):
        """Regret of a decision: a row a configuration, a column a seed."""
        folder = self.work / side
        folder.mkdir(exist_ok=True)
        for seed in seeds:
            missing = self.missing(side, task, seed, configs)
            if not missing:
                continue
            path = self.stream(task, seed, folder)
            truth = streams.Truth(path)
            if side == "vw":
                text = path.with_suffix(".vw")
                cache = text.with_suffix(".cache")
                if not cache.exists():
                    subprocess.run([self.driver, "text", path, text], check=True)
                    vowpal.make_cache(text)
                for config in missing:
                    self.store.add((side, task, seed, config), vowpal.regret(config, cache, truth, seed + 1))
            else:
                for config, result in riffle.regrets(self.driver, path, missing, seed + 1):
                    self.store.add((side, task, seed, config), result)
            print(f"{side} {task} seed {seed}: {len(missing)} runs", file=sys.stderr, flush=True)
        self.forget(folder)
        return np.array([[self.store.known[(side, task, seed, config)] for seed in seeds] for config in configs])

    def tuned(self, side, task, seeds):
        """The configuration of least mean regret over the seeds, of at most 24."""
        if side == "riffle":
            configs = riffle.configurations(task)
            assert len(configs) <= 24, (task, len(configs))
            return configs[int(self.results(side, task, seeds, configs).mean(axis=1).argmin())]
        configs = vowpal.first_round()
        best = configs[int(self.results(side, task, seeds, configs).mean(axis=1).argmin())]
        configs += vowpal.second_round(best)
        assert len(configs) <= 24, (task, len(configs))
        return configs[int(self.results(side, task, seeds, configs).mean(axis=1).argmin())]


def run(arguments, driver):
    laboratory = Laboratory(arguments.work, arguments.data, driver)
    tasks = [task for task in arguments.tasks.split(",") if task] or list(TASKS)
    sides = [arguments.only] if arguments.only else ["vw", "riffle"]
    for task in tasks:
        tune = range(arguments.tune)
        count = SHUFFLES if task in streams.SUPERVISED else arguments.compare
        others = range(arguments.tune, arguments.tune + count)
        for side in sides:
            best = laboratory.tuned(side, task, tune)
            regrets = laboratory.results(side, task, others, [best])[0]
            print(f"{side} {task}: {best}: {regrets.mean():.5f}", file=sys.stderr, flush=True)
