"""What AWS promises, as cases that run against any endpoint.

A case is a function of an `Aws`. Where moto departs from AWS, the case says how and which AWS document it breaks; such a
case must fail against moto, so that the note does not outlive the departure. A case that needs the embedded AWS's clock
is not for moto at all.
"""

import dataclasses
import traceback
from collections.abc import Callable

CASES = []


@dataclasses.dataclass
class Case:
    run: Callable
    name: str
    # How moto departs, and the AWS document that says otherwise.
    moto_departs: str | None
    # Whether the case moves the clock.
    moves_clock: bool


def case(moto_departs=None, moves_clock=False):
    """Registers a case."""
    def register(run):
        CASES.append(Case(run, f"{run.__module__}.{run.__name__}", moto_departs, moves_clock))
        return run
    return register


def run_against(aws, is_moto):
    """Runs every case, and returns what went wrong, one text each."""
    failures = []
    for each in CASES:
        if is_moto and each.moves_clock:
            continue
        try:
            each.run(aws)
            failed = None
        except Exception:  # noqa: BLE001: whatever a case raises is its failure
            failed = traceback.format_exc()
        if is_moto and each.moto_departs:
            if failed is None:
                failures.append(f"{each.name}: moto departs no more; remove the note: {each.moto_departs}")
        elif failed:
            failures.append(f"{each.name}: {failed}")
    return failures
