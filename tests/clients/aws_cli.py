"""The `aws` command as a service on standard input and output, so that it is started once and not for each call.

Each line is one call, in JSON: {"endpoint", "key", "secret", "token", "words"}. Without an endpoint nobody is called: it
succeeds if the command would. Each answer is one line: {"succeeded", "printed"}.
"""

import base64
import contextlib
import io
import json
import sys
import tempfile

from awscli.clidriver import create_clidriver
from botocore.waiter import SingleWaiterConfig

driver = create_clidriver()


def patient(self, config, made=SingleWaiterConfig.__init__):
    """What is waited for takes a moment here, not minutes."""
    made(self, {**config, "delay": 0.2, "maxAttempts": 150})


SingleWaiterConfig.__init__ = patient


class WouldCall(Exception):
    pass


def call_nobody(**_):
    raise WouldCall("this would be sent")


def file_of(word, folder):
    """Bytes that are told in base64 are in a file."""
    if not word.startswith("fileb://"):
        return word
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        file.write(base64.b64decode(word.removeprefix("fileb://")))
    return f"fileb://{file.name}"


def call(asked, folder):
    words = [file_of(word, folder) for word in asked["words"]]
    endpoint = asked.get("endpoint")
    if endpoint:
        words += ["--endpoint-url", endpoint]
        driver.session.set_credentials(asked["key"], asked["secret"], asked["token"])
        driver.session.unregister("before-call", call_nobody, unique_id="nobody")
    else:
        driver.session.set_credentials("key", "secret")
        driver.session.register("before-call", call_nobody, unique_id="nobody")
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = driver.main(words)
        except SystemExit as ended:
            # What the command does not know at all ends it.
            code = ended.code
    printed = out.getvalue() + err.getvalue()
    return {"succeeded": code == 0 or "this would be sent" in printed, "printed": printed}


with tempfile.TemporaryDirectory() as folder:
    for line in sys.stdin:
        answer = json.dumps(call(json.loads(line), folder))
        print(answer, flush=True)
