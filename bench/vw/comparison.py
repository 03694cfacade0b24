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
    "upworthy": (None, "Upworthy: 50 tests × 5,000 decisions, their packages as arms"),
    "iris": (None, "iris"), "wine": (None, "wine"), "breast_cancer": (None, "breast cancer"),
    "digits": (None, "digits")}
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


# Student's t, one-sided 95 %, by degrees of freedom.
T95 = {9: 1.833, 19: 1.729}
T975 = {9: 2.262, 19: 2.093}


def row(name, ours, theirs):
    """Mean regrets with 95 % intervals over the seeds; the paired excess of ours over theirs with its upper bound."""
    n = len(ours)
    t95, t975 = T95.get(n - 1, 1.8), T975.get(n - 1, 2.2)
    error = lambda x: x.std(ddof=1) / np.sqrt(n)
    excess = ours - theirs
    return {"task": name, "riffle": ours.mean(), "riffle_half": t975 * error(ours), "vw": theirs.mean(),
            "vw_half": t975 * error(theirs), "excess": excess.mean() / theirs.mean(),
            "upper": (excess.mean() + t95 * error(excess)) / theirs.mean(), "seeds": n}


def markdown(rows):
    lines = ["| task | Riffle | Vowpal Wabbit | excess | its 95 % upper bound |", "|---|---|---|---|---|"]
    for r in rows:
        lines.append(f"| {r['task']} | {r['riffle']:.5f} ± {r['riffle_half']:.5f} | {r['vw']:.5f} ± {r['vw_half']:.5f} "
                     f"| {100 * r['excess']:+.1f} % | {100 * r['upper']:+.1f} % |")
    return "\n".join(lines)


def speed(laboratory, pairs, repeats=5):
    """Decisions a second over the linear stream, taken in turns: (riffle's configuration, VW's), medians."""
    folder = laboratory.work / "speed"
    folder.mkdir(exist_ok=True)
    path = laboratory.stream("linear", 99, folder)
    truth = streams.Truth(path)
    text = path.with_suffix(".vw")
    subprocess.run([laboratory.driver, "text", path, text], check=True)
    cache = vowpal.make_cache(text)
    lines = ["| | decisions/s, whole process | decisions/s, less the start |", "|---|---|---|"]
    one_example = vowpal.command("--epsilon 0.02", cache, 1) + ["--examples", "1"]
    start = np.median([vowpal.run(one_example)[1] for _ in range(repeats)])
    for ours, theirs in pairs:
        taken = {"riffle": [], "vw": [], "loop": []}
        for _ in range(repeats):
            taken["vw"].append(vowpal.run(vowpal.command(theirs, cache, 1))[1])
            result, seconds = riffle.timed(laboratory.driver, path, ours, 1)
            taken["riffle"].append(seconds)
            taken["loop"].append(result["seconds"])
        decisions = len(truth.counts)
        vw, whole, loop = (np.median(taken[name]) for name in ("vw", "riffle", "loop"))
        lines.append(f"| Riffle, {ours} | {decisions / whole:,.0f} | {decisions / loop:,.0f} |")
        lines.append(f"| VW, {theirs} | {decisions / vw:,.0f} | {decisions / (vw - start):,.0f} |")
    laboratory.forget(folder)
    return "\n".join(lines)


def run(arguments, driver):
    laboratory = Laboratory(arguments.work, arguments.data, driver)
    tasks = [task for task in arguments.tasks.split(",") if task] or list(TASKS)
    sides = [arguments.only] if arguments.only else ["vw", "riffle"]
    chosen, regrets = {}, {}
    for task in tasks:
        tune = range(arguments.tune)
        count = SHUFFLES if task in streams.SUPERVISED else arguments.compare
        others = range(arguments.tune, arguments.tune + count)
        for side in sides:
            best = laboratory.tuned(side, task, tune)
            chosen[side, task] = best
            regrets[side, task] = laboratory.results(side, task, others, [best])[0]
            print(f"{side} {task}: {best}: {regrets[side, task].mean():.5f}", file=sys.stderr, flush=True)
    if arguments.only:
        return
    rows = [row(TASKS[task][1], regrets["riffle", task], regrets["vw", task]) for task in tasks]
    sets = [task for task in tasks if task in streams.SUPERVISED]
    if len(sets) == len(streams.SUPERVISED):
        both = [np.mean([regrets[side, task] for task in sets], axis=0) for side in ("riffle", "vw")]
        rows.append(row("the four supervised sets together", *both))
    print(markdown(rows) + "\n")
    print("| task | Riffle's best | Vowpal Wabbit's best |\n|---|---|---|")
    for task in tasks:
        print(f"| {task} | `{chosen['riffle', task]}` | `{chosen['vw', task]}` |")
    if "linear" in tasks:
        print("\n" + speed(laboratory, [(chosen["riffle", "linear"], chosen["vw", "linear"]),
                                        ("scorer=linear,explorer=squarecb", "--squarecb")]))
