"""The lab's own tests: the client, the burst, the rollback script and the way the hub is started, against a stand-in for the hub.

    python3 -m unittest discover -s tests -t .
"""
import contextlib
import http.server
import io
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
from unittest import mock

LAB = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(LAB))

import county_api  # noqa: E402
import docket_rule  # noqa: E402
import hms_ops_client as ops  # noqa: E402
import send_burst  # noqa: E402
import svc_county_client  # noqa: E402

SCRIPT = LAB / "cd" / "rollback_docket_rule.sh"


class StandInHub:
    """Takes numbers at POST /metric and shows incidents, over real HTTP on a port of its own."""

    def __init__(self):
        self.numbers = {}            # by id, so a resend is seen to change nothing
        self.requests = []
        self.status = 200
        self.answer = {"refused": []}
        self.firing = lambda: False
        self.acts = []
        hub = self

        class Door(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                hub.requests.append((self.path, body, dict(self.headers)))
                if hub.status == 200:
                    for item in body if isinstance(body, list) else [body]:
                        hub.numbers.setdefault(item["id"], item)
                self.reply(hub.status, hub.answer)

            def do_GET(self):
                alert = {"name": "county_api_ms", "metric": "county_api_ms"}
                if not hub.firing():
                    alert["resolvedAt"] = "2026-11-20T21:08:00Z"
                self.reply(200 if self.path == "/api/ops/v1/incidents" else 404, {"incidents": [{"alerts": [alert], "acts": hub.acts}]})

            def reply(self, status, answer):
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Clock:
    """Seconds that pass when somebody waits for them."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


class LabCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.rule_file = self.folder / "docket_rule"
        self.hub = StandInHub()
        self.addCleanup(self.hub.close)
        for patch in (
            mock.patch.dict(os.environ, {"DOCKET_RULE_FILE": str(self.rule_file)}),
            mock.patch.object(ops, "OPS", self.hub.url),
        ):
            patch.start()
            self.addCleanup(patch.stop)

    def sender(self, clock=None):
        self.warnings = []
        return ops.Sender(clock=clock or Clock(), warn=self.warnings.append, threaded=False)


class ClientTests(LabCase):
    def test_a_timed_block_arrives_as_the_chapter_prints_it(self):
        sender = self.sender()
        with mock.patch.object(ops, "_sender", sender):
            with mock.patch("time.perf_counter", side_effect=[10.0, 11.58]), mock.patch("time.time", return_value=1795277220.9):
                with ops.timer("county_api_ms"):
                    pass
            ops._opener.cache_clear()
            with mock.patch.dict(os.environ, {"http_proxy": "http://127.0.0.1:1"}):  # the office's proxy is not asked for a hub on this machine
                self.assertTrue(ops.flush())
        path, body, headers = self.hub.requests[0]
        self.assertEqual(path, "/metric")
        self.assertEqual([{k: v for k, v in item.items() if k != "id"} for item in body], [{"name": "county_api_ms", "ts": 1795277220, "val": 1580.0}])
        self.assertRegex(body[0]["id"], "^[0-9a-f]{32}$")
        self.assertEqual(headers["Content-Type"], "application/json")
        self.assertEqual(self.warnings, [])

    def test_a_block_that_raises_is_timed_and_still_raises(self):
        sender = self.sender()
        with mock.patch.object(ops, "_sender", sender), self.assertRaises(ZeroDivisionError), ops.timer("county_api_ms"):
            1 / 0
        self.assertTrue(sender.flush(2))
        self.assertEqual(len(self.hub.numbers), 1)

    def test_a_token_is_shown_when_there_is_one(self):
        with mock.patch.dict(os.environ, {"OPS_TOKEN": "abc"}):
            ops.request("/metric", [])
        self.assertEqual(self.hub.requests[0][2]["Authorization"], "Bearer abc")

    def test_a_redirect_is_not_followed(self):
        self.hub.status = 302
        sender = self.sender()
        sender.put(ops.measurement("x", 1))
        self.assertTrue(sender.send_batch())
        self.assertEqual(sender.lost, 1)
        self.assertIn("302", self.warnings[0])

    def test_a_hub_that_is_away_costs_one_line_and_numbers_keep_their_ids(self):
        sender = self.sender()
        self.hub.status = 503
        sender.put(ops.measurement("x", 1))
        self.assertFalse(sender.send_batch())
        sender.put(ops.measurement("x", 2))
        self.assertFalse(sender.send_batch())
        self.assertEqual(len(self.warnings), 1)
        self.assertIn("away", self.warnings[0])
        self.hub.status = 200
        self.assertTrue(sender.send_batch())
        self.assertEqual([item["val"] for item in self.hub.numbers.values()], [1, 2])
        self.assertEqual(self.hub.requests[0][1][0]["id"], self.hub.requests[2][1][0]["id"])
        self.assertEqual((sender.lost, sender.pause()), (0, ops.FLUSH_SECONDS))

    def test_a_number_taken_but_not_answered_for_is_sent_again_under_its_id(self):
        taken = []

        def answer_lost(items, timeout):
            taken.append([item["id"] for item in items])
            if len(taken) == 1:
                raise ConnectionResetError("connection reset")

        sender = ops.Sender(post=answer_lost, clock=Clock(), warn=lambda line: None, threaded=False)
        sender.put(ops.measurement("x", 1))
        self.assertFalse(sender.send_batch())
        self.assertTrue(sender.send_batch())
        self.assertEqual(taken[0], taken[1])

    def test_the_wait_between_tries_doubles_up_to_half_a_minute(self):
        sender = self.sender()
        self.hub.status = 500
        sender.put(ops.measurement("x", 1))
        pauses = []
        for _ in range(7):
            sender.send_batch()
            pauses.append(sender.pause())
        self.assertEqual(pauses, [2, 4, 8, 16, 30, 30, 30])

    def test_what_the_hub_refuses_is_not_sent_again(self):
        sender = self.sender()
        self.hub.status = 422
        sender.put(ops.measurement("x", 1))
        self.assertTrue(sender.send_batch())
        self.assertTrue(sender.send_batch())
        self.assertEqual((len(self.hub.requests), sender.lost), (1, 1))
        self.assertIn("refused", self.warnings[0])

    def test_a_number_refused_within_a_batch_is_counted_and_said(self):
        sender = self.sender()
        self.hub.answer = {"taken": 1, "refused": [{"index": 1, "reason": "not a number"}]}
        sender.put(ops.measurement("x", 1))
        sender.put(ops.measurement("x", float("nan")))
        self.assertTrue(sender.send_batch())
        self.assertEqual(sender.lost, 1)
        self.assertIn("not a number", self.warnings[0])

    def test_a_full_queue_and_a_stale_number_are_lost_aloud(self):
        clock = Clock()
        sender = self.sender(clock)
        for value in range(ops.QUEUE_ITEMS + 3):
            sender.put(ops.measurement("x", value))
        self.assertEqual(sender.lost, 3)
        clock.sleep(ops.STALE_SECONDS + 1)
        self.assertTrue(sender.send_batch())
        self.assertEqual(sender.lost, ops.QUEUE_ITEMS + 3)
        self.assertEqual(len(self.warnings), 1)

    def test_a_service_ends_without_its_hub_and_says_one_line(self):
        program = "import hms_ops_client as ops\nwith ops.timer('x'):\n    pass\nprint('done')"
        ended = self.run_python(program, "http://127.0.0.1:1")
        self.assertEqual((ended.returncode, ended.stdout), (0, "done\n"))
        self.assertEqual(ended.stderr.count("\n"), 1)
        self.assertIn("http://127.0.0.1:1 is away", ended.stderr)

    def test_the_last_numbers_of_a_service_arrive_and_a_forked_child_sends_its_own(self):
        program = (
            "import os, hms_ops_client as ops\n"
            "ops.observe('parent', 1)\n"
            "child = os.fork()\n"
            "if child == 0:\n    ops.observe('child', 2)\n    ops.flush()\n    os._exit(0)\n"
            "os.waitpid(child, 0)\n")
        ended = self.run_python(program, self.hub.url)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertNotIn("hms_ops_client:", ended.stderr)
        self.assertEqual(sorted((item["name"], item["val"]) for item in self.hub.numbers.values()), [("child", 2), ("parent", 1)])

    def run_python(self, program, hub):
        return subprocess.run([sys.executable, "-c", program], cwd=LAB, env=dict(os.environ, OPS_URL=hub), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, universal_newlines=True, timeout=60)


class CountyTests(LabCase):
    def test_the_county_is_slow_under_v41_and_each_call_is_timed(self):
        waits = []
        sender = self.sender()
        with mock.patch.dict(os.environ, {"no_proxy": "*"}), mock.patch.object(ops, "_sender", sender), county_api.running(wait=waits.append) as url:
            docket_rule.put_live("v41")
            self.assertEqual(svc_county_client.call_county({"case": 7}, url), {"scheduled": 7, "docket_rule": "v41"})
            docket_rule.put_live("v40")
            svc_county_client.call_county({"case": 8}, url)
        self.assertTrue(sender.flush(2))
        self.assertEqual(waits, [1.5, 0.112])
        self.assertEqual([item["name"] for item in self.hub.numbers.values()], ["county_api_ms"] * 2)


class RollbackScriptTests(LabCase):
    def run_script(self, script=SCRIPT, **environment):
        return subprocess.run([str(script)], cwd=str(self.folder), env=dict(PATH="/usr/bin:/bin", **environment), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, universal_newlines=True, timeout=60)

    def test_it_takes_v41_back_once_and_then_finds_nothing_to_do(self):
        for before, said in (("v41\n", "v41 taken back"), (None, "nothing to do")):
            if before:
                self.rule_file.write_text(before)
            ended = self.run_script(DOCKET_RULE_FILE=str(self.rule_file))
            self.assertEqual((ended.returncode, ended.stderr), (0, ""))
            self.assertIn(said, ended.stdout)
            self.assertEqual(self.rule_file.read_text(), "v40\n")
        self.assertEqual([file.name for file in self.folder.iterdir()], ["docket_rule"])

    def test_with_no_rule_live_the_good_one_is(self):
        self.assertEqual(self.run_script(DOCKET_RULE_FILE=str(self.rule_file)).returncode, 0)
        self.assertEqual(docket_rule.live(), "v40")

    def test_a_rule_it_does_not_know_is_left_alone(self):
        self.rule_file.write_text("v42\n")
        ended = self.run_script(DOCKET_RULE_FILE=str(self.rule_file))
        self.assertEqual((ended.returncode, self.rule_file.read_text()), (1, "v42\n"))
        self.assertIn("v42", ended.stderr)

    def test_in_an_empty_environment_it_finds_the_file_beside_its_folder_through_a_link_too(self):
        lab = self.folder / "lab"
        (lab / "cd").mkdir(parents=True)
        shutil.copy2(str(SCRIPT), str(lab / "cd"))
        (self.folder / "linked").symlink_to(lab / "cd" / SCRIPT.name)
        (lab / "docket_rule").write_text("v41\n")
        ended = self.run_script(self.folder / "linked")
        self.assertEqual((ended.returncode, (lab / "docket_rule").read_text()), (0, "v40\n"))


class BurstTests(LabCase):
    """The hub's part is played by counting: it rolls back at the 20th slow number and resolves at the 10th quick one."""

    def setUp(self):
        super().setUp()
        self.lines = []

    def vals(self):
        return [item["val"] for item in self.hub.numbers.values()]

    def burst(self, seconds=60, roll_back=True, resolve=True):
        clock = Clock()
        quick = lambda: self.vals().count(send_burst.QUICK_MS)  # noqa: E731
        self.hub.firing = lambda: len(self.vals()) >= 20 and not (resolve and quick() >= 10)

        def sleep(passing):
            clock.sleep(passing)
            if roll_back and len(self.vals()) == 20 and docket_rule.live() == "v41":
                subprocess.run([str(SCRIPT)], check=True, stdout=subprocess.DEVNULL)

        send_burst.burst(send_burst.Hub(), seconds, 5, self.lines.append, clock, sleep)
        return clock.now - 1000

    def test_it_goes_from_v41_to_the_alerts_end(self):
        took = self.burst()
        self.assertEqual(self.vals()[:20], [1500] * 20)
        self.assertEqual(set(self.vals()[20:]), {112})
        self.assertEqual([line.split(" ")[0:3] for line in self.lines],
                         [["docket", "rule", "v41"], ["docket", "rule", "v40"], ["alert", "county_api_ms", "is"], ["alert", "county_api_ms", "has"]])
        self.assertLess(took, 10)
        self.assertEqual({type(body) for _, body, _ in self.hub.requests}, {dict})

    def test_it_says_what_did_not_happen(self):
        for case, what in ((dict(roll_back=False), "no rollback within 60 s"), (dict(resolve=False), "still firing after 60 s")):
            with self.assertRaises(send_burst.Stopped) as stopped:
                self.hub.numbers.clear()
                self.burst(**case)
            self.assertIn(what, str(stopped.exception))

    def test_a_rollback_the_hub_refuses_ends_it_with_the_reason(self):
        self.hub.acts = [{"state": "refused", "detail": "cooldown: 10 min between two rollbacks"}]
        with self.assertRaises(send_burst.Stopped) as stopped:
            self.burst(roll_back=False)
        self.assertIn("cooldown", str(stopped.exception))

    def test_a_hub_that_goes_away_gets_every_number_once(self):
        hub = send_burst.Hub()
        self.assertTrue(hub.send(1))
        self.hub.status = 503
        self.assertFalse(hub.send(2))
        self.hub.status = 200
        self.assertTrue(hub.send(3))
        self.assertEqual(self.vals(), [1, 2, 3])

    def test_without_a_hub_it_names_the_command_that_starts_one(self):
        errors = io.StringIO()
        with mock.patch.object(ops, "OPS", "http://127.0.0.1:1"), contextlib.redirect_stderr(errors), contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(send_burst.main([]), 1)
        self.assertIn("python -m ops.mock_server", errors.getvalue())

    def test_a_number_the_hub_refuses_ends_it(self):
        self.hub.status = 422
        with self.assertRaises(send_burst.Stopped) as stopped:
            self.burst()
        self.assertIn("422", str(stopped.exception))


FAKE_HUB = """#!{python}
import json, os, signal, sys
def stop(number, frame):
    print("stopped", flush=True)
    os._exit(7)
signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGINT, stop)
print(json.dumps(sys.argv[1:]), flush=True)
signal.pause()
"""


class MockServerTests(LabCase):
    def setUp(self):
        super().setUp()
        self.lab = self.folder / "checkout" / "examples" / "b-county-court"
        shutil.copytree(str(LAB / "ops"), str(self.lab / "ops"), ignore=shutil.ignore_patterns("__pycache__"))
        (self.lab.parent / "ops_lab").symlink_to("b-county-court")

    def install_hub(self):
        program = self.folder / "checkout" / "hms-ops"
        program.write_text(FAKE_HUB.format(python=sys.executable))
        program.chmod(0o755)

    def start(self, *arguments):
        return subprocess.Popen([sys.executable, "-m", "ops.mock_server", *arguments], cwd=str(self.lab.parent / "ops_lab"),
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)

    def test_it_becomes_the_checkouts_hub_with_its_lines_its_signals_and_its_exit_code(self):
        self.install_hub()
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.start() as hub:
                lab = str(self.lab.resolve())
                self.assertEqual(json.loads(hub.stdout.readline()),
                                 ["serve", "--workspace", lab, "--data", lab + "/.data", "--listen", "127.0.0.1:9900"])
                hub.send_signal(number)
                self.assertEqual(hub.communicate(timeout=60), ("stopped\n", ""))
                self.assertEqual(hub.returncode, 7)

    def test_each_start_is_a_fresh_one_unless_kept_or_in_use(self):
        self.install_hub()
        data = self.lab / ".data"
        for arguments, kept in ((["--keep"], True), ([], False)):
            data.mkdir(exist_ok=True)
            (data / "LOCK").touch()
            with self.start(*arguments) as hub:
                hub.stdout.readline()
                self.assertEqual(data.exists(), kept)
                hub.terminate()
        data.mkdir()
        with open(str(data / "LOCK"), "wb") as lock:
            import fcntl
            fcntl.flock(lock, fcntl.LOCK_EX)
            with self.start() as hub:
                self.assertIn("a hub is running", hub.communicate(timeout=60)[1])
            self.assertEqual((hub.returncode, data.exists()), (1, True))

    def test_outside_of_a_checkout_it_says_so(self):
        with self.start() as hub:
            self.assertIn("holds ./hms-ops", hub.communicate(timeout=60)[1])
        self.assertEqual(hub.returncode, 1)


class PrintedTests(unittest.TestCase):
    def test_the_rule_is_byte_for_byte_as_the_chapter_prints_it(self):
        self.assertEqual((LAB / "alerts" / "county_api.yml").read_text(), (
            'metric: county_api_ms\n'
            'threshold: 1000            # ms\n'
            'window: "3m"               # over last 3 minutes\n'
            'action: "ROLLBACK:DOCKET_RULE"\n'
            'runbook: "wiki/slow-county-api"\n'
            'notify: ["oncall@opm.gov", "pager_duty"]\n'))

    def test_what_the_rule_names_is_there(self):
        self.assertTrue(os.access(str(SCRIPT), os.X_OK))
        self.assertTrue((LAB / "wiki" / "slow-county-api.md").is_file())


if __name__ == "__main__":
    unittest.main()
