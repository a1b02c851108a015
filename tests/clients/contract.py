"""What AWS promises, as cases that run against any endpoint.

A case is a function of an `Aws`. Where moto departs from AWS, the case says so (`Aws.moto_departs`), or for all of it at
once (`moto_departs`), and names the AWS document; the rest of the case holds against moto, too. A case that moves the
embedded AWS's clock is not for moto.
"""

import dataclasses
import traceback
from collections.abc import Callable

CASES = []


@dataclasses.dataclass
class Case:
    run: Callable
    name: str
    # How moto departs in all of it, and the AWS document that says otherwise.
    moto_departs: str | None
    # Whether the case moves the clock.
    moves_clock: bool
    # Why nothing but the embedded AWS can be asked.
    local_only: str | None
    # Whether AWS itself can be asked: the case makes keys alone, and needs no other account.
    on_aws: bool


def case(moto_departs=None, moves_clock=False, local_only=None, on_aws=False):
    """Registers a case."""
    def register(run):
        CASES.append(Case(run, f"{run.__module__}.{run.__name__}", moto_departs, moves_clock, local_only, on_aws))
        return run
    return register


def cases_of(modules):
    """The cases of these modules, module by module: they import one another, so they do not register in that order."""
    order = {module.__name__: at for at, module in enumerate(modules)}
    return sorted((case for case in CASES if case.run.__module__ in order), key=lambda case: order[case.run.__module__])


def run_against(aws, modules):
    """Runs every case, module by module, and returns what went wrong, one text each."""
    failures = []
    for each in cases_of(modules):
        if aws.is_moto and (each.moves_clock or each.local_only):
            continue
        try:
            if each.moto_departs:
                with aws.moto_departs(each.moto_departs):
                    each.run(aws)
            else:
                each.run(aws)
        except Exception:  # noqa: BLE001: whatever a case raises is its failure
            failures.append(f"{each.name}: {traceback.format_exc()}")
        finally:
            if each.moves_clock:
                # Tokens of the next cases are of this time.
                aws.admin("clock", real=True)
    return failures


def run_on_aws(aws, modules):
    """Runs the cases that AWS can be asked, and cleans up after each; returns what went wrong, one text each."""
    failures = []
    for each in cases_of(modules):
        if not each.on_aws:
            continue
        try:
            each.run(aws)
        except Exception:  # noqa: BLE001: whatever a case raises is its failure
            failures.append(f"{each.name}: {traceback.format_exc()}")
        finally:
            # Also where the whole run ends here: by Ctrl-C, or by what must not be asked of AWS.
            failures += aws.clean_up()
    return failures
