"""Riffle's side: the driver, which runs its own learner and explorer classes over a stream."""
import json
import subprocess
import time
from itertools import product


def grid(scorer, explorer, **values):
    names = list(values)
    shared = f"scorer={scorer},explorer={explorer}" + ("" if explorer == "epsilon" else ",epsilon=0")
    return [",".join([shared, *(f"{name}={x:g}" for name, x in zip(names, numbers))])
            for numbers in product(*values.values())]


def shared_model():
    return (grid("linear", "regcb", mellowness=(0.001, 0.003, 0.01, 0.03), ridge=(0.1, 0.3, 1)) +
            grid("linear", "squarecb", gamma_scale=(300, 1000, 3000), ridge=(0.3, 1)) +
            grid("linear", "thompson", draws=(1,), draw_scale=(0.2, 0.4), ridge=(0.3, 1)) +
            grid("linear", "epsilon", epsilon=(0.005, 0.02)))


def drifting_model():
    return (grid("linear", "regcb", mellowness=(0.0003, 0.001, 0.003), half_life=(500, 1000, 1500), ridge=(0.1, 0.3)) +
            grid("linear", "squarecb", gamma_scale=(1000,), half_life=(500, 1000), ridge=(0.3,)) +
            grid("linear", "thompson", draws=(1,), draw_scale=(0.1, 0.2), half_life=(500, 1000), ridge=(0.3,)))


def items_alone():
    return (grid("arms", "thompson", draws=(1,), prior_slots=(20, 100, 300), draw_scale=(0.25, 0.5, 1)) +
            grid("arms", "regcb", draws=(0,), prior_slots=(20, 100, 300), mellowness=(0.0001, 0.0003, 0.001)) +
            grid("arms", "squarecb", draws=(0,), prior_slots=(100,), gamma_scale=(1000, 10000)) +
            grid("arms", "epsilon", draws=(0,), prior_slots=(100,), epsilon=(0.01, 0.03)) +
            grid("arms", "ucb1", draws=(0,), prior_slots=(100,)))


def a_model_an_item():
    return (grid("linear_arms", "regcb", mellowness=(0.001, 0.003, 0.01), ridge=(1, 3, 10)) +
            grid("linear_arms", "squarecb", gamma_scale=(100, 1000), ridge=(1, 3, 10)) +
            grid("linear_arms", "thompson", draws=(1,), draw_scale=(0.1, 0.2, 0.4), ridge=(1, 10)) +
            grid("linear_arms", "epsilon", epsilon=(0.02,), ridge=(1, 10)))


def configurations(task):
    """At most 24."""
    if task == "drift":
        return drifting_model()
    if task == "upworthy":
        return items_alone()
    return shared_model() if task in ("linear", "quadratic") else a_model_an_item()


def run(driver, stream, configs, seed):
    command = [driver, "run", stream, str(seed), *configs]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in said.splitlines()]


def regrets(driver, stream, configs, seed):
    for config, result in zip(configs, run(driver, stream, configs, seed), strict=True):
        yield config, result["regret"]


def timed(driver, stream, config, seed):
    """The result and the wall time of the whole process, reading the stream included."""
    began = time.perf_counter()
    result, = run(driver, stream, [config], seed)
    return result, time.perf_counter() - began
