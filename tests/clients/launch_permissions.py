"""Each permission of a launch path removed in turn, with the `aws` CLI: what of EC2, IAM, Auto Scaling, EKS, SQS and Systems Manager
who launches must be allowed. (`volume_keys.py` does so for the key of the volumes.)

A path (`launch_paths_*.py`) is what somebody who launches calls, in order. With all of its permissions it goes to its end. Without
one of them one call of it is refused, to just that caller, and the trail has the refusal in AWS's words; or the permission is used
by no step, which the last lines say. (`launch_permissions.py Volume Karpenter` goes these ways alone.) What a service-linked role may is AWS's own policy, which nobody can take a permission from.
"""

import json
import sys

from launch_paths_ec2 import InstantFleet, MaintainFleet, RequestFleet, RunInstances, SpotRequest
from launch_paths_groups import AutoScaling
from launch_paths_karpenter import Karpenter
from launch_paths_nodes import NodeGroup, Volume
from launching import LAUNCHER, Place, Refused, newest_in_trail

WAYS = (RunInstances, SpotRequest, InstantFleet, RequestFleet, MaintainFleet, Volume, AutoScaling, NodeGroup, Karpenter)

# Calls that read or send data, which the trail has not.
UNTRAILED = ("ReceiveMessage", "DeleteMessage")


def check(path, removed, refused):
    """The call that is refused for want of a permission, and what the trail says of it."""
    expected = path.takes[removed]
    if expected is ...:
        expected = refused.operation
    action, _, kind = removed.partition(" on ")
    words = f"{LAUNCHER} is not authorized to perform: {action} on resource"
    why = f"because no identity-based policy allows the {action} action"
    assert refused.operation == expected, f"{expected} was to be refused, and was not: {refused}"
    called, own_words = path.by_service.get(removed, (expected, words))
    assert own_words in refused.message, refused
    assert not kind or f":{kind}/" in refused.message.split(why)[0], refused
    if called in UNTRAILED:
        return
    if removed in path.told_by:
        # The call itself succeeds, and its answer tells.
        event = newest_in_trail(path.told_by[removed])
        assert event["userIdentity"]["arn"] == LAUNCHER, event
        assert "errorCode" not in event and own_words in json.dumps(event["responseElements"]), event
        if removed not in path.by_service:
            return
    event = newest_in_trail(called)
    assert event["userIdentity"]["arn"] == LAUNCHER, event
    assert event["errorCode"] in ("AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation"), event
    assert words in event["errorMessage"] and why in event["errorMessage"], event
    if removed in path.by_service:
        assert event["userIdentity"]["invokedBy"] == path.invoked_by, event


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
    if failures:
        sys.exit("\n".join(failures))


if __name__ == "__main__":
    main()
