"""What is measured: for each table, the jobs that a peer runs in a round."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from peers import PEERS

ROUNDS = {"chapter": 3, "first-step": 3, "scratch": 3, "small": 3, "cells": 1, "book": 3}
CELLS = [(batch, hidden) for batch in (32, 128, 512) for hidden in (16, 128, 512, 2048)]


class Job(NamedTuple):
    """One process: who runs which script, with which arguments, and what it is called in the results."""

    peer: str
    script: str
    arguments: list[str]
    label: str = ""


def jobs_of(table: str, rivals: list[str], quick: bool) -> Iterator[Job]:
    """Yield a round's jobs in the order in which they run: those that are compared, one after the other."""
    if table == "cells":
        for batch, hidden in CELLS:
            for peer in ["klods", *rivals]:
                yield cell(peer, batch, hidden, quick)
    elif table == "small":
        yield Job("klods", "small", [])
    else:
        for peer in ["klods", "klods-numpy", *rivals]:
            yield from TABLES[table](peer, quick)
        if table == "chapter":
            yield Job("products", "floor", ["2" if quick else "6"])


def chapter(peer: str, quick: bool) -> Iterator[Job]:
    options = ["--epochs", "2", "--rows", "6000", "--at-least", "0.8"] if quick else []
    yield Job(peer, "chapter", [keras(peer), *options])


def first_step(peer: str, quick: bool) -> Iterator[Job]:
    yield Job(peer, "first_step", [keras(peer)])


def scratch(peer: str, quick: bool) -> Iterator[Job]:
    epochs = "1" if quick else "3"
    module = PEERS[peer].tensors
    if module:
        yield Job(peer, "scratch", [module, epochs])
    elif peer == "torch":
        yield Job(peer, "scratch_torch", [epochs])


def book(peer: str, quick: bool) -> Iterator[Job]:
    yield Job(peer, "book", [keras(peer), *(["--quick"] if quick else [])])


def cell(peer: str, batch: int, hidden: int, quick: bool) -> Job:
    """Return the chapter's job with Adam, another batch size and another width: three epochs, the first not counted."""
    size = ["--batch", str(batch), "--hidden", str(hidden), "--optimizer", "adam"]
    full, little = ["--epochs", "3", "--at-least", "0.85"], ["--epochs", "1", "--rows", "6000", "--at-least", "0.15"]
    return Job(peer, "chapter", [keras(peer), *size, *(little if quick else full)], f"{batch} x {hidden}")


def keras(peer: str) -> str:
    module = PEERS[peer].keras
    assert module is not None, f"{peer} has no Keras"
    return module


TABLES = {"chapter": chapter, "first-step": first_step, "scratch": scratch, "book": book}
