"""What the figures were measured on, and whether it was idle."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from pathlib import Path
from typing import Any

from peers import ROOT


def machine() -> dict[str, Any]:
    """Return the processor's name, its cores and the system."""
    return {"processor": processor(), "cores": os.cpu_count(), "system": f"{platform.system()} {platform.machine()}"}


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def commit() -> str:
    """Return the commit that klods is at, with a + if src/ has changed since; nothing outside a clone."""
    try:
        return git("rev-parse", "--short", "HEAD") + ("+" if git("status", "--porcelain", "src") else "")
    except (OSError, subprocess.CalledProcessError):
        return ""


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def idleness() -> dict[str, float]:
    """Return the load average, and the share of the cores that others use during a second in which nothing runs here.

    The load average remembers the round before; the share doesn't. It is known on Linux alone.
    """
    figures = {"load": round(os.getloadavg()[0], 2)}
    before = ticks()
    time.sleep(1)
    after = ticks()
    if before and after:
        total, idle = (b - a for a, b in zip(before, after))
        figures["busy"] = round(1 - idle / max(total, 1), 3)
    return figures


def ticks() -> tuple[int, int] | None:
    """Return the ticks of all cores since the start, and those of them that were idle."""
    try:
        numbers = [int(n) for n in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    except OSError:
        return None
    return sum(numbers), numbers[3] + numbers[4]
