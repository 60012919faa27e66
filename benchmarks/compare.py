"""Measure klods beside Keras on TensorFlow, JAX and torch, in one run, and print the table.

    python benchmarks/compare.py [--rounds 5] [--peers tensorflow jax torch]

Each peer gets an environment of its own under `.bench/`, installed at the first run. The jobs run in turn as whole
processes, several rounds; the table shows medians, and ratios of klods to each peer.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import venv
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
JOBS = Path(__file__).parent / "jobs"
PEERS = {  # name -> (what to install, the module that is Keras, the module that is TensorFlow)
    "klods": ([str(ROOT)], "klods.keras", "klods"),
    "tensorflow": (["tensorflow"], "tensorflow.keras", "tensorflow"),
    "jax": (["keras", "jax"], "keras", None),
    "torch": (["keras", "torch==2.13.0"], "keras", None),
}
Runs = dict[tuple[str, str], list[dict[str, float]]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", nargs="*", default=["tensorflow", "jax", "torch"], choices=[*PEERS][1:])
    options = parser.parse_args()
    names = ["klods", *options.peers]
    for name in names:
        environment(name)
    runs: Runs = {}
    for number in range(options.rounds):
        for name in names:
            print(f"round {number + 1} of {options.rounds}: {name}", file=sys.stderr, flush=True)
            for job, module in jobs(name):
                runs.setdefault((name, job), []).append(run(name, job, module))
    report(runs, names, options.rounds)


def jobs(name: str) -> list[tuple[str, str | None]]:
    """Return the jobs that this peer takes part in, with the module each is given."""
    _, keras, tensorflow = PEERS[name]
    chosen: list[tuple[str, str | None]] = [("chapter", keras)]
    if tensorflow:
        chosen.append(("scratch", tensorflow))
    return [*chosen, ("small", None)] if name == "klods" else chosen


def environment(name: str) -> None:
    """Make a peer's environment at the first call; install klods anew at each."""
    if not python_of(name).exists():
        print(f"installing {name} ...", file=sys.stderr, flush=True)
        venv.create(ROOT / ".bench" / name, with_pip=True)
        install(name)
    elif name == "klods":
        install(name, "--force-reinstall", "--no-deps")


def install(name: str, *options: str) -> None:
    subprocess.run([python_of(name), "-m", "pip", "install", "-q", *options, *PEERS[name][0]], check=True)


def python_of(name: str) -> Path:
    return ROOT / ".bench" / name / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def run(name: str, job: str, module: str | None) -> dict[str, float]:
    """Run one job as a process and return its figures."""
    command = [str(python_of(name)), str(JOBS / f"{job}.py"), *([module] if module else [])]
    settings = {**os.environ, "KERAS_BACKEND": name, "TF_CPP_MIN_LOG_LEVEL": "3"}
    result = subprocess.run(command, env=settings, capture_output=True, text=True, check=True)
    return json.loads(result.stdout.splitlines()[-1])


def report(runs: Runs, names: list[str], rounds: int) -> None:
    """Print the machine, the day and the table."""
    day = datetime.date.today().isoformat()
    machine = f"{processor()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"{machine}, {day}, medians of {rounds} rounds\n")
    rows = [
        ("chapter", "epoch_s", "epoch of the chapter's network, s"),
        ("chapter", "whole_s", "whole process, import to test accuracy, s"),
        ("chapter", "import_s", "import, s"),
        ("chapter", "evaluate_s", "evaluate 10,000 images, s"),
        ("chapter", "predict_10_ms", "predict 10 images, ms"),
        ("chapter", "peak_mb", "peak memory, MB"),
        ("chapter", "test_accuracy", "test accuracy after 5 epochs"),
        ("scratch", "epoch_s", "epoch of the network from scratch, eager, s"),
        ("scratch", "tape_us", "tape and gradient of 2 * x + 3, µs"),
        ("scratch", "add_us", "x + x on a 2 by 2 tensor, µs"),
        ("small", "import_ms", "`import klods` after `import numpy`, ms"),
        ("small", "leaked_mb", "left behind by 1,000 predictions and 100 models, MB"),
    ]
    print("| | " + " | ".join(names) + " |")
    print("|---|" + "---|" * len(names))
    for job, figure, title in rows:
        print(f"| {title} | " + " | ".join(cell(runs, name, job, figure) for name in names) + " |")


def cell(runs: Runs, name: str, job: str, figure: str) -> str:
    """Return a peer's median, and klods's ratio to it."""
    if (name, job) not in runs:
        return ""
    mine, own = (median(r[figure] for r in runs[n, job]) for n in (name, "klods"))
    ratio = f" ({own / mine:.2f})" if name != "klods" and figure != "test_accuracy" else ""
    return f"{mine:.3g}{ratio}" if mine < 1000 else f"{mine:,.0f}{ratio}"


def processor() -> str:
    """Return the processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
