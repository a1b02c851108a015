"""What the walkthroughs share: a shell with the `aws` CLI against an embedded AWS, and how an answer is held to what was told.

`CLAVIGER_ENDPOINT` and `CLAVIGER_CREDENTIALS` are as `tests/clients/run.py` takes them.
"""

import copy
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path


class Form:
    """Stands for what differs each time: an id or a time."""

    def __init__(self, pattern):
        self.pattern = pattern

    def is_like(self, printed):
        return isinstance(printed, str) and re.fullmatch(self.pattern, printed) is not None


class Number:
    """Stands for a time that is printed as seconds."""

    pattern = "a number"

    def is_like(self, printed):
        return isinstance(printed, (int, float)) and not isinstance(printed, bool)


# A command that prints nothing.
NOTHING = object()
UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
TIME = Form(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00")


class Shell:
    """Somebody's shell: that of an account's root user, until another is asked for."""

    def __init__(self, home, account, region, timestamps):
        self.home = Path(home)
        (self.home / "config").write_text(f"[default]\ncli_timestamp_format = {timestamps}\n")
        if not shutil.which("jq", path="/usr/bin:/bin"):
            (self.home / "jq").write_text("#!/bin/sh\nexec python -m json.tool\n")
            (self.home / "jq").chmod(0o755)
        self.environment = {
            **os.environ,
            "PATH": f"{self.home}:{Path(sys.executable).parent}:/usr/bin:/bin",
            "HOME": str(self.home),
            "AWS_CONFIG_FILE": str(self.home / "config"),
            "AWS_ENDPOINT_URL": os.environ["CLAVIGER_ENDPOINT"],
            "AWS_DEFAULT_REGION": region,
        } | _variables(_root(account))

    def as_root_of(self, account):
        """The same shell, of another account's root user."""
        return self.as_bearer_of(_root(account))

    def as_bearer_of(self, keys):
        """The same shell, of whose keys these are, as `aws` prints them."""
        other = copy.copy(self)
        other.environment = {**self.environment, **_variables(keys)}
        return other

    def printed(self, command, **environment):
        """What a command prints, which must succeed."""
        done = self._run(command, environment)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    def answer(self, command):
        return json.loads(self.printed(command))

    def refusal(self, command):
        """What AWS says to a command, which must fail."""
        done = self._run(command, {})
        assert done.returncode != 0, f"{command}\nis not refused\n{done.stdout}"
        return done.stderr.strip()

    def _run(self, command, environment):
        return subprocess.run(
            ["/bin/bash", "-e", "-o", "pipefail", "-c", command], env={**self.environment, **environment}, cwd=self.home,
            capture_output=True, text=True, timeout=120, check=False)


def _root(account):
    return json.loads(os.environ["CLAVIGER_CREDENTIALS"])[account]


def _variables(keys):
    # An empty token is none.
    return {
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys.get("SessionToken", ""),
    }


def walk(shell, steps):
    """Runs commands in their order, and tells where what one printed is not what it is said to print."""
    for command, told in steps:
        printed = shell.printed(command)
        if told is NOTHING:
            found = [f"prints {printed}"] if printed.strip() else []
        else:
            found = differences(told, json.loads(printed))
        yield from (f"{command}\n  {difference}" for difference in found)


def differences(told, printed, where="$"):
    """Where what was printed is not what the walkthrough tells."""
    if isinstance(told, (Form, Number)):
        if not told.is_like(printed):
            yield f"{where}: {printed!r} is not like {told.pattern}"
    elif isinstance(told, dict) and isinstance(printed, dict):
        for name in sorted({*told, *printed}):
            if name not in told or name not in printed:
                yield f"{where}.{name} is {'missing' if name in told else 'not told'}"
            else:
                yield from differences(told[name], printed[name], f"{where}.{name}")
    elif isinstance(told, list) and isinstance(printed, list) and len(told) == len(printed):
        for at, (one, other) in enumerate(zip(told, printed, strict=True)):
            yield from differences(one, other, f"{where}[{at}]")
    elif told != printed or type(told) is not type(printed):
        yield f"{where}: {printed!r} instead of {told!r}"


def equal(what, told, printed):
    """The same of something that no command of the walkthrough prints."""
    return [f"{what}\n  {difference}" for difference in differences(told, printed)]
