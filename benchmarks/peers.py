"""Whom klods is measured beside: what each needs installed, and how a job is run in its environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
JOBS = Path(__file__).parent / "jobs"
LIMIT = 900  # seconds after which a job has failed


class Peer(NamedTuple):
    """A row of the table below.

    Attributes:
        title: the name in tables.
        environment: the folder under `.bench/`; peers can share one.
        requirements: what pip installs there.
        keras: the module that is Keras, if any.
        tensors: the module that is TensorFlow, if any.
        settings: environment variables.
    """

    title: str
    environment: str
    requirements: tuple[str, ...]
    keras: str | None
    tensors: str | None
    settings: dict[str, str]


OWN = (str(ROOT),)
PEERS = {
    "klods": Peer("klods", "klods", OWN, "klods.keras", "klods", {}),
    "klods-numpy": Peer("klods, NumPy mode", "klods", OWN, "klods.keras", "klods", {"KLODS_BACKEND": "numpy"}),
    "jax": Peer("Keras on JAX", "jax", ("keras", "jax"), "keras", None, {"KERAS_BACKEND": "jax"}),
    "tensorflow": Peer(
        "Keras on TensorFlow",
        "tensorflow",
        ("tensorflow",),
        "tensorflow.keras",
        "tensorflow",
        {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"},
    ),
    "torch": Peer("Keras on torch", "torch", ("keras", "torch==2.13.0"), "keras", None, {"KERAS_BACKEND": "torch"}),
    "products": Peer("the five products alone", "klods", OWN, None, None, {}),
}
RIVALS = ("jax", "tensorflow", "torch")


class JobFailed(Exception):
    """A job that ended without figures."""


def prepare(names: list[str]) -> None:
    """Make the environments of these peers where they are missing; install klods anew, as it is now."""
    for name, peer in {PEERS[name].environment: PEERS[name] for name in names}.items():
        new = not python_of(peer).exists()
        if new:
            venv.create(ROOT / ".bench" / name, with_pip=True)
        if new or name == "klods":
            print(f"installing {' '.join(peer.requirements)} in .bench/{name} ...", file=sys.stderr, flush=True)
            command = [str(python_of(peer)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            subprocess.run([*command, *peer.requirements], check=True)


def run(name: str, job: str, *arguments: str) -> dict[str, Any]:
    """Run one job as a process and return the figures that it prints.

    Raises:
        JobFailed: if it ends with an error, prints anything else, or takes too long.
    """
    peer = PEERS[name]
    command = [str(python_of(peer)), str(JOBS / f"{job}.py"), *arguments]
    asked = f"{name}: {' '.join(command)}"
    try:
        done = subprocess.run(command, env=surroundings(peer), capture_output=True, text=True, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        raise JobFailed(f"{asked}\nno result after {LIMIT} s") from None
    if done.returncode:
        raise JobFailed(f"{asked}\n{done.stderr.strip()[-2000:]}")
    try:
        return json.loads(done.stdout)
    except json.JSONDecodeError:
        raise JobFailed(f"{asked}\nprinted something else than its figures: {done.stdout[:2000]}") from None


def surroundings(peer: Peer) -> dict[str, str]:
    """Return a job's environment variables: no thread counts, processor types or flags but each library's defaults."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "KERAS_HOME": str(ROOT / ".bench/keras"), **peer.settings}


def python_of(peer: Peer) -> Path:
    return ROOT / ".bench" / peer.environment / "bin/python"
