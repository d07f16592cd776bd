"""Puts docket rule v41 live and plays the slow county: 1,500 ms a call, until the hub has taken the rule back; then 112 ms a call,
until the alert has resolved. Exit code 0 when that was seen, 1 when it was not.

    python send_burst.py                        # beside: python -m ops.mock_server
"""
import argparse
import json
import sys
import time
import urllib.error

import docket_rule
import hms_ops_client as ops

METRIC = "county_api_ms"
SLOW_MS = 1500
QUICK_MS = 112
LOOK_SECONDS = 1.0         # between two looks at the hub's incidents


class Stopped(Exception):
    """The story cannot go on; its text says why and what to do."""


class Hub:
    """What the burst needs of the hub: a door for numbers, and a look at its incidents."""

    def __init__(self):
        self._waiting = []     # numbers the hub did not answer for: sent again first, under the ids they have
        self.trouble = None    # why the last one was not answered for

    def send(self, value):
        """True when nothing is left to send."""
        self._waiting.append(ops.measurement(METRIC, value))
        while self._waiting:
            answer = self._ask("/metric", self._waiting[0])
            if answer is None:
                return False
            if answer.get("refused"):
                raise Stopped("the hub refused a number: %s" % answer["refused"][0].get("reason"))
            self._waiting.pop(0)
        return True

    def alert_is_firing(self):
        """True, False, or None when the hub does not answer just now."""
        answer = self._ask("/api/ops/v1/incidents")
        if answer is None:
            return None
        for incident in answer["incidents"]:
            if any(alert.get("metric") == METRIC and not alert.get("resolvedAt") for alert in incident["alerts"]):
                refused = [act for act in incident["acts"] if act["state"] == "refused"]
                if refused:
                    raise Stopped("the hub refused the rollback: %s" % refused[0].get("detail"))
                return True
        return False

    def _ask(self, path, body=None):
        """The hub's answer; None when it is away, and may be back in a moment."""
        try:
            return json.loads(ops.request(path, body) or b"{}")
        except urllib.error.HTTPError as refusal:
            with refusal:
                said = refusal.read(500).decode("utf-8", "replace").strip()
            if refusal.code < 500 and refusal.code != 429:
                raise Stopped("the hub refused %s: %d %s" % (path, refusal.code, said)) from None
            self.trouble = "%d %s" % (refusal.code, said)
        except OSError as trouble:
            self.trouble = getattr(trouble, "reason", None) or trouble
        return None


def burst(hub, seconds, rate, say, clock=time.monotonic, sleep=time.sleep):
    """The story from v41 to the alert's end. Raises Stopped when it ends otherwise."""
    docket_rule.put_live("v41")
    say("docket rule v41 is live: the county answers in %s ms" % format(SLOW_MS, ","))
    start = clock()
    away = fired = False
    rolled_back = None
    look_at = start
    sent = 0
    while clock() - start < seconds:
        if rolled_back is None and docket_rule.live() != "v41":
            rolled_back = clock()
            say("docket rule %s is live again after %.0f s: the county answers in %d ms" % (docket_rule.live(), rolled_back - start, QUICK_MS))
        reached = hub.send(SLOW_MS if rolled_back is None else QUICK_MS)
        sent += 1
        if not reached and sent == 1:
            raise Stopped("the hub at %s does not answer (%s); start it first: python -m ops.mock_server" % (ops.OPS, hub.trouble))
        if away == reached:
            away = not reached
            say("the hub is away (%s); numbers wait for it" % hub.trouble if away else "the hub is back")
        if clock() >= look_at:
            look_at = clock() + LOOK_SECONDS
            firing = hub.alert_is_firing()
            if firing and not fired:
                fired = True
                say("alert %s is firing" % METRIC)
            if firing is False and rolled_back is not None:
                say("alert %s has resolved %.0f s after the cure; %d numbers sent" % (METRIC, clock() - rolled_back, sent))
                return
        sleep(max(0.0, start + sent / rate - clock()))
    raise Stopped(
        "no rollback within %g s: docket rule v41 is still live. What the hub decided is at %s/ and in its terminal" % (seconds, ops.OPS)
        if rolled_back is None else "rolled back, but the alert was still firing after %g s; give it longer with --seconds" % seconds)


def main(arguments=None):
    options = argparse.ArgumentParser(description="Puts docket rule v41 live and plays the slow county until the hub has put it right.")
    options.add_argument("--seconds", type=float, default=180, help="give up after so many seconds (180)")
    options.add_argument("--rate", type=float, default=5, help="calls a second (5)")
    chosen = options.parse_args(arguments)
    if not (chosen.rate > 0 and chosen.seconds > 0):
        options.error("--seconds and --rate must be above 0")
    try:
        burst(Hub(), chosen.seconds, chosen.rate, lambda line: print(line, flush=True))
    except Stopped as why:
        print("send_burst: %s" % why, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("send_burst: stopped; docket rule %s is live" % docket_rule.live(), file=sys.stderr)
        return 130
    print("see the spike and the recovery: %s/board/%s" % (ops.OPS, METRIC))
    return 0


if __name__ == "__main__":
    sys.exit(main())
