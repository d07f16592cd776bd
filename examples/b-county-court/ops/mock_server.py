"""Starts collector, engine and dashboard: the hub itself, on this folder's workspace and port 9900.

    python -m ops.mock_server                   # Ctrl+C ends it

Each start has a fresh data folder, so that the lab can be played again at once (the hub would remember, rightly, that it rolled back
a minute ago). --keep goes on with the data of the last run.
"""
import argparse
import fcntl
import os
import shutil
import signal
import sys

LAB = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))


def main(arguments=None):
    options = argparse.ArgumentParser(prog="python -m ops.mock_server", description="Starts HMS-OPS on the lab's workspace.")
    options.add_argument("--keep", action="store_true", help="go on with the data of the last run")
    options.add_argument("--listen", default="127.0.0.1:9900", help="address and port (127.0.0.1:9900)")
    chosen = options.parse_args(arguments)

    program = find_program(LAB)
    if program is None:
        return complain("no folder above %s holds ./hms-ops; the lab runs inside a checkout of HMS-OPS" % LAB)
    data = os.path.join(LAB, ".data")
    if not chosen.keep and os.path.isdir(data):
        if in_use(data):
            return complain("a hub is running on %s; stop it first" % data)
        shutil.rmtree(data)

    # This process becomes the hub: its lines, its signals and its exit code need nobody in between.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and what is started here would inherit that
    command = [program, "serve", "--workspace", LAB, "--data", data, "--listen", chosen.listen]
    try:
        os.execv(program, command)
    except OSError as trouble:
        return complain("%s cannot be started: %s" % (program, trouble.strerror))


def find_program(folder):
    """./hms-ops of the checkout the folder is in; None outside of one."""
    while True:
        program = os.path.join(folder, "hms-ops")
        if os.path.isfile(program):
            return program
        if folder == os.path.dirname(folder):
            return None
        folder = os.path.dirname(folder)


def in_use(data):
    """True when a hub holds the folder's lock."""
    try:
        with open(os.path.join(data, "LOCK"), "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def complain(line):
    print("mock_server: " + line, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
