"""Vowpal Wabbit over a stream, by its own command line from a cache file, and the regret of what it chose.

--cbify_ldf makes a bandit of a file that says what every action would have cost: VW chooses, sees the cost of what it
chose, and learns. -p writes the choice of each decision; its regret is taken from the stream's true means.
"""
import pathlib
import re
import subprocess
import sys
import time

import numpy as np

# 24 configurations a task in two rounds: the explorers with two encodings of the cost (0/1 and −1/0: what an unseen
# action is thought to cost, and so how hopeful VW begins; Bietti et al. 2021), then the best of them with six settings of
# the regression.
EXPLORERS = (
    "--epsilon 0.02", "--squarecb --gamma_scale 10", "--squarecb --gamma_scale 100", "--squarecb --gamma_scale 1000",
    "--regcb --regcbopt --mellowness 0.01", "--regcb --regcbopt --mellowness 0.001", "--regcb --mellowness 0.001",
    "--cover 4 --psi 0.1", "--bag 4 --greedify")
ENCODINGS = ("", "--loss0 -1 --loss1 0")
REGRESSIONS = ("-l 0.1", "-l 2", "-l 10", "-l 0.05 --power_t 0", "-l 0.3 --power_t 0", "-l 1 --power_t 0")
BOUNDED = ("--regcb", "--squarecb")


def first_round():
    return [f"{explorer} {encoding}".strip() for encoding in ENCODINGS for explorer in EXPLORERS]


def second_round(best):
    return [f"{best} {regression}" for regression in REGRESSIONS]


def command(config, cache, seed):
    words = config.split()
    if "--loss0" in words and words[0] in BOUNDED:
        words += ["--cb_min_cost", "-1", "--cb_max_cost", "0"]
    return [sys.executable, "-m", "vowpalwabbit", "--cbify_ldf", "--cb_explore_adf", *words, "--random_seed", str(seed),
            "-d", str(cache.with_suffix(".vw")), "--cache_file", str(cache)]


def run(arguments):
    began = time.perf_counter()
    result = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)}: {result.stderr.strip()[-500:]}")
    return result.stderr + result.stdout, time.perf_counter() - began


def make_cache(text):
    cache = text.with_suffix(".cache")
    run([sys.executable, "-m", "vowpalwabbit", "--cbify_ldf", "--cb_explore_adf", "--epsilon", "0", "-d", str(text),
         "--cache_file", str(cache), "-k"])
    return cache


def regret(config, cache, truth, seed):
    """The mean regret of a decision."""
    chosen_file = pathlib.Path(f"{cache}.chosen")
    said, _ = run(command(config, cache, seed) + ["-p", str(chosen_file)])
    lines = np.array(chosen_file.read_text().split(), dtype=np.int64)  # a number an action, 0 but for the chosen one
    chosen_file.unlink()
    chosen = np.flatnonzero(lines)
    if len(lines) != len(truth.means) or not truth.one_each(chosen):
        raise RuntimeError(
            f"{config}: VW wrote {len(lines)} lines, {len(chosen)} choices, for {len(truth.counts)} decisions")
    cost = 1 - truth.rewards[chosen].mean()  # which VW reports unshifted, whatever it learns from
    average = float(re.search(r"average loss = (\S+)", said).group(1))
    if abs(average - cost) > 1e-4:
        raise RuntimeError(f"{config}: VW says an average loss of {average}, its choices cost {cost}")
    return float((truth.best - truth.means[chosen]).mean())
