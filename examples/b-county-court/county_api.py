"""The county court's scheduling API, stood in for on this machine: quick under docket rule v40, slow under v41."""
import contextlib
import http.server
import json
import threading
import time

import docket_rule

SECONDS = {"v41": 1.5}     # v41 makes the county look up every Friday of the year
QUICK_SECONDS = 0.112


@contextlib.contextmanager
def running(port=0, wait=time.sleep):
    """Serves POST /api until the block ends; gives its address. Port 0 takes a free one."""

    class Desk(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))) or b"{}")
            rule = docket_rule.live()
            wait(SECONDS.get(rule, QUICK_SECONDS))
            answer = json.dumps({"scheduled": asked.get("case"), "docket_rule": rule}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args):
            """The lab's terminal belongs to the hub and the client."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Desk)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield "http://127.0.0.1:%d/api" % server.server_port
    finally:
        server.shutdown()
        server.server_close()
