"""Each permission of a launch path removed in turn, with the `aws` CLI: what of EC2, IAM, Auto Scaling, EKS, SQS and Systems Manager
who launches must be allowed. (`volume_keys.py` does so for the key of the volumes.)

A path (`launch_paths_*.py`) is what somebody who launches calls, in order. With all of its permissions it goes to its end. Without
one of them one call of it is refused, to just that caller, and the trail has the refusal in AWS's words; or the permission is used
by no step, which the last lines say. (`launch_permissions.py Volume Karpenter` goes these ways alone.) Where a path is of more than one
call, each of them is then looked at by itself (`launch_calls.py`). What service-linked roles may is looked at by `role_permissions.py`.
"""

import sys

from launch_calls import each_call, is_denied
from launch_paths_ec2 import InstantFleet, MaintainFleet, RequestFleet, RunInstances, SpotRequest
from launch_paths_groups import AutoScaling, MixedGroup
from launch_paths_karpenter import Karpenter
from launch_paths_nodes import NodeGroup, Volume
from launching import Place, Refused

WAYS = (RunInstances, SpotRequest, InstantFleet, RequestFleet, MaintainFleet, Volume, AutoScaling, MixedGroup, NodeGroup, Karpenter)


def check(path, removed, refused):
    """The first call that is refused for want of a permission."""
    expected = path.takes[removed]
    if expected is ...:
        expected = refused.operation
    assert refused.operation == expected, f"{expected} was to be refused, and was not: {refused}"
    is_denied(path, removed, refused, path.told_by.get(removed))


def removed_in_turn(path):
    """What did not hold, and which permissions are used by no step."""
    failures, unused = [], []
    for removed in (None, *path.takes):
        path.place.allow([permission for permission in path.takes if permission != removed])
        came = None
        try:
            path.run()
            if removed:
                unused.append(removed)
                assert path.takes[removed] in (None, ...), f"{path.takes[removed]} was to be refused, and was not"
        except Refused as refused:
            try:
                assert removed, refused
                check(path, removed, refused)
                came = refused.operation
            except AssertionError as error:
                failures.append(f"{path.name} without {removed}: {error}")
        except AssertionError as error:
            failures.append(f"{path.name} without {removed}: {error}")
        finally:
            path.clean()
        if removed and hasattr(path, "came"):
            path.came(removed, came)
    if hasattr(path, "told") and not failures:
        path.told()
    return failures, unused


def main():
    place, failures, chosen = Place(), [], sys.argv[1:]
    for of in (way for way in WAYS if not chosen or way.__name__ in chosen):
        path = of(place)
        failed, unused = removed_in_turn(path)
        failures += failed
        print(f"{path.name}: {1 + len(path.takes)} runs; used by no step: {', '.join(unused)}")
        if hasattr(path, "each"):
            failed, tried = each_call(path)
            failures += failed
            print(f"{path.name}, call by call: {tried} refusals")
    if failures:
        sys.exit("\n".join(failures))


if __name__ == "__main__":
    main()
