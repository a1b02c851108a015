"""How moto departs, held against `departures.txt`: a note that was satisfied by something else would tell nothing.

`CLAVIGER_UPDATE_DEPARTURES=1` writes the file anew; look through what changed.
"""

import os
import pathlib
import re
import traceback

from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

RECORDED = pathlib.Path(__file__).with_name("departures.txt")
# Helpers, in which no case departs by itself.
HELPERS = {"session.py", "shapes.py", "contextlib.py"}


def line(how, error):
    """What a note says, the statement of the case that failed, and by what."""
    here = RECORDED.parent
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if pathlib.Path(frame.filename).parent == here and pathlib.Path(frame.filename).name not in HELPERS
    ]
    return f"{how} | {frames[-1].line if frames else 'with'} | {_outcome(error)}"


def _outcome(error):
    if isinstance(error, ClientError):
        return f"{error.operation_name}: {error.response['Error']['Code']}"
    if isinstance(error, ResponseParserError):
        return "an answer that does not parse"
    if isinstance(error, KeyError):
        return f"no {error}"
    # Where the helper says what it expected. Elsewhere the statement tells it, and the text is a whole answer.
    text = str(error)
    expected = re.search(r"(\w+ was expected, but the call succeeded)|'Code': ('\w*')} (instead of \w+)|does not match", text)
    return " ".join(filter(None, expected.groups())) or expected.group() if expected else "false"


def compare(seen):
    """What differs from the record, one text each."""
    if os.environ.get("CLAVIGER_UPDATE_DEPARTURES"):
        RECORDED.write_text("".join(f"{each}\n" for each in sorted(seen)))
    recorded = set(RECORDED.read_text().splitlines())
    help_ = "if that is right, write the record anew with CLAVIGER_UPDATE_DEPARTURES=1"
    return [f"moto departs otherwise than is recorded: {each}; {help_}" for each in sorted(seen - recorded)] + [
        f"moto does not depart as is recorded: {each}; {help_}" for each in sorted(recorded - seen)
    ]
