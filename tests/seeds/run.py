"""Runs one walkthrough: `run.py 002`. Prints what does not answer as it was told, and fails then."""

import importlib
import sys
import tempfile


def main():
    with tempfile.TemporaryDirectory() as home:
        wrong = importlib.import_module(f"seed_{sys.argv[1]}").wrong(home)
    print("\n".join(wrong) or "everything answers as it was told")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
