"""Each call of a launch path by itself: it is refused without each of the permissions that it takes, to just that caller and in AWS's
words, and it goes through with these and no other. What a permission is good for is found so at every call, not only at the first.

A path tells in `each` what its calls take, by operation; `CreateFleet 2` is the second call of that operation, where it takes
something else. What is refused must have done nothing: what a call makes by the way comes first. Operations that are `polled` are tried
out the first time alone.
"""

import json
from collections import Counter

from launching import LAUNCHER, Refused, newest_in_trail

# Calls that read or send data, which the trail has not.
UNTRAILED = ("ReceiveMessage", "DeleteMessage")


def is_denied(path, removed, refused, told_by=None):
    """That a call was refused for want of a permission, and what the trail says of it.

    `told_by` is the call that succeeds, and whose answer tells of the refusal.
    """
    action, _, kind = removed.partition(" on ")
    words = f"{LAUNCHER} is not authorized to perform: {action} on resource"
    why = f"because no identity-based policy allows the {action} action"
    called, own_words = path.by_service.get(removed, (refused.operation, words))
    assert own_words in refused.message, refused
    if called in UNTRAILED:
        return
    if told_by:
        event = newest_in_trail(told_by)
        assert event["userIdentity"]["arn"] == LAUNCHER, event
        assert "errorCode" not in event and own_words in json.dumps(event["responseElements"]), event
        if removed not in path.by_service:
            assert not kind or f":{kind}/" in refused.message.split(why)[0], refused
            return
    event = newest_in_trail(called)
    assert event["userIdentity"]["arn"] == LAUNCHER, event
    assert event["errorCode"] in ("AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation"), event
    assert words in event["errorMessage"] and why in event["errorMessage"], event
    assert not kind or f":{kind}/" in event["errorMessage"].split(why)[0], event
    if removed in path.by_service:
        assert event["userIdentity"]["invokedBy"] == path.invoked_by, event


class Each:
    """Looks at the calls of a path, one after another."""

    def __init__(self, path):
        self.path, self.times, self.tried, self.failures = path, Counter(), 0, []

    def __call__(self, operation, words):
        self.times[operation] += 1
        numbered = f"{operation} {self.times[operation]}"
        takes = self.path.each.get(numbered, self.path.each.get(operation))
        assert takes is not None, f"nobody says what {numbered} takes"
        if self.times[operation] == 1 or operation not in self.path.polled:
            for removed in takes:
                self.without(removed, operation, numbered, words)
        self.path.place.allow(takes)

    def without(self, removed, operation, numbered, words):
        self.tried += 1
        self.path.place.allow([permission for permission in self.path.takes if permission != removed])
        try:
            self.path.place.made(*words)
        except Refused as refused:
            try:
                # A fleet tells what it could not launch.
                told_by = operation if refused.operation != operation else None
                assert refused.operation in (operation, "RunInstances"), refused
                is_denied(self.path, removed, refused, told_by)
            except AssertionError as error:
                self.failures.append(f"{self.path.name}, {numbered} without {removed}: {error}")
        else:
            self.failures.append(f"{self.path.name}: {numbered} was to be refused without {removed}, and was not")


def each_call(path):
    """What did not hold, and how many refusals there were."""
    watch = path.place.watch = Each(path)
    try:
        path.run()
    except (AssertionError, Refused) as error:
        watch.failures.append(f"{path.name}, call by call: {error}")
    finally:
        path.place.watch = None
        path.place.allow(path.takes)
        path.clean()
    return watch.failures, watch.tried
