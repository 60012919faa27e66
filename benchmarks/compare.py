"""Measure klods beside Keras on JAX, TensorFlow and torch, in one run, and print the tables of the README.

    python benchmarks/compare.py                            everything: about 25 minutes on two cores
    python benchmarks/compare.py --only chapter first-step  some tables
    python benchmarks/compare.py --only cells --peers jax   some tables, beside some peers
    python benchmarks/compare.py --print benchmarks/results/2026-11-25.json     tables of an earlier run

Each peer gets an environment of its own under `.bench/`, installed at the first run (a large download). The jobs run in
turn as whole processes, round after round, with every library's defaults, and each fails unless it has learnt what it
should. Results go to benchmarks/results/DATE.json after each table; tables measured anew replace those of the same day.
The machine should do nothing else meanwhile.

Tables and their rounds: chapter 3, first-step 3, scratch 3, small 3, cells 1, book 3.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
import time
from pathlib import Path
from typing import Any

from machine import commit, idleness, machine
from measurements import ROUNDS, jobs_of
from peers import PEERS, RIVALS, ROOT, JobFailed, prepare, run
from report import report


def main() -> None:
    options = arguments()
    if options.print is not None:
        print(report(options.print))
        return
    try:
        output = measure(options)
    except JobFailed as error:
        sys.exit(f"\n{error}")
    print(report(json.loads(output.read_text())))
    print(f"written to {output}", file=sys.stderr)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="TABLE", default=[*ROUNDS], choices=[*ROUNDS], help="these tables")
    parser.add_argument("--rounds", type=positive, help="how often each job runs; the default is each table's own")
    parser.add_argument("--peers", nargs="*", metavar="PEER", default=[*RIVALS], choices=RIVALS, help="beside these")
    parser.add_argument("--quick", action="store_true", help="little work, to see that everything runs")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write here instead (--quick: .bench/quick.json)")
    parser.add_argument("--print", type=earlier, metavar="FILE", help="only print this file's tables")
    return parser.parse_args()


def earlier(text: str) -> dict[str, Any]:
    try:
        found = json.loads(Path(text).read_text())
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"no results can be read from '{text}': {error}") from None
    if not isinstance(found, dict) or "tables" not in found:
        raise argparse.ArgumentTypeError(f"'{text}' holds no results; benchmarks/results does")
    return found


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def measure(options: argparse.Namespace) -> Path:
    """Run the chosen tables, write each to the file when it is done, and return the file."""
    names = ["klods", "klods-numpy", *options.peers]
    prepare(names)
    today = datetime.date.today().isoformat()
    output = options.output or ROOT / (".bench/quick.json" if options.quick else f"benchmarks/results/{today}.json")
    results: dict[str, Any] = json.loads(output.read_text()) if output.exists() else {"versions": {}, "tables": {}}
    results |= {"date": today, "machine": machine(), "quick": options.quick}
    results["versions"] |= {name: run(name, "versions") for name in names}
    for table in options.only:
        results["tables"][table] = rounds(table, options)
        output.parent.mkdir(exist_ok=True)
        output.write_text(json.dumps(results, indent=1) + "\n")
    return output


def rounds(table: str, options: argparse.Namespace) -> dict[str, Any]:
    """Run a table's jobs and return their figures, with how idle the machine was before each round."""
    count = options.rounds or (1 if options.quick else ROUNDS[table])
    found: dict[str, Any] = {"commit": commit(), "rounds": count, "before": [], "runs": []}
    for number in range(1, count + 1):
        found["before"].append(idleness())
        for job in jobs_of(table, options.peers, options.quick):
            began = time.perf_counter()
            say(f"{table}, round {number} of {count}: {PEERS[job.peer].title} {job.label} ...")
            figures = run(job.peer, job.script, *job.arguments)
            say(f" {time.perf_counter() - began:.1f} s\n")
            found["runs"].append({"peer": job.peer, "label": job.label, **figures})
    return found


def say(text: str) -> None:
    print(text, end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
