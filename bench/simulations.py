"""Runs of `riffle simulate` for the comparisons beside it: kept, so that an interrupted comparison goes on where it was."""
import argparse
import hashlib
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


class Simulations:
    def __init__(self, arguments):
        self._riffle, self._work, self._set = arguments.riffle, arguments.work, arguments.set
        self._work.mkdir(parents=True, exist_ok=True)
        self._program = hashlib.sha256(pathlib.Path(self._riffle).read_bytes()).hexdigest()

    def run(self, world, policy, settings, seed, options=()):
        """One run's JSON line, from --work where it was made already by the same program, world and settings."""
        command = [self._riffle, "simulate", "--config", str(world), "--policies", policy, "--format", "json", *options]
        for setting in [*settings, *self._set, f"simulation.seed={seed}"]:
            command += ["--set", setting]
        key = hashlib.sha256(repr((self._program, world.read_text(), command[1:])).encode()).hexdigest()[:24]
        file = self._work / f"{key}.json"
        if not file.exists():
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode != 0:
                raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
            file.write_text(done.stdout)
            print(f"{world.stem}, {policy}, {' '.join(settings)}, seed {seed}", file=sys.stderr, flush=True)
        return json.loads(file.read_text())


def parser(description, name, seeds):
    """The arguments that every comparison has; --work is build/NAME unless told otherwise."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--riffle", default=str(ROOT / "build" / "release" / "riffle"))
    made.add_argument("--work", type=pathlib.Path, default=ROOT / "build" / name, help="where results are kept")
    made.add_argument("--seeds", type=int, default=seeds, help="worlds")
    made.add_argument("--first", type=int, default=1, help="the first of them")
    made.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="of the configuration, in all runs")
    return made


def committed(world):
    """Says which commit a world is of, or that it was changed since."""
    commit = subprocess.run(["git", "log", "-1", "--format=%h %aI", "--", str(world)], capture_output=True, text=True, cwd=ROOT)
    changed = subprocess.run(["git", "diff", "--quiet", "HEAD", "--", str(world)], cwd=ROOT).returncode != 0
    return f"{world.name} of {commit.stdout.strip() or 'no commit'}{', changed since' if changed else ''}"
