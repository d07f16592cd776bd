"""Times what a service does and sends it to HMS-OPS.

    import hms_ops_client as ops

    with ops.timer("county_api_ms"):
        call_api()

The caller only puts a number into a queue; a thread of this module's sends what has gathered once a second. A hub that is away
never slows or breaks the caller: it costs one line on stderr, and the numbers are sent again, under the same ids, when it is back.

OPS_URL names the hub (http://localhost:9900 unless set), OPS_TOKEN the token to show it. Python 3.8 or newer, nothing to install.
"""
import atexit
import collections
import contextlib
import functools
import json
import os
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

OPS = os.getenv("OPS_URL", "http://localhost:9900").rstrip("/")

FLUSH_SECONDS = 1.0        # between two sendings: a verdict is never later than this on our account
BACK_OFF_SECONDS = 30.0    # the longest wait between two tries while the hub is away
QUEUE_ITEMS = 10_000       # some 2 MB; a number that finds it full is lost, and said
BATCH_ITEMS = 2_000        # what the hub takes in one request without complaint
STALE_SECONDS = 60.0       # an hour's backlog would land in one second and look like a storm
ANSWER_SECONDS = 3.0       # how long one request may take
EXIT_SECONDS = 2.0         # how long a service that ends waits for its last numbers


@contextlib.contextmanager
def timer(metric_name):
    """Measures the block in milliseconds, also when it raises. Works as a decorator too."""
    start = time.perf_counter()
    try:
        yield
    finally:
        observe(metric_name, round((time.perf_counter() - start) * 1000, 3))


def observe(metric_name, value):
    """Hands over one number. Returns at once, never raises because of the hub."""
    _sender.put(measurement(metric_name, value))


def flush(timeout=EXIT_SECONDS):
    """Sends what has gathered, now. True when nothing is left."""
    return _sender.flush(timeout)


def measurement(metric_name, value):
    """One number as it travels. Its id lets the hub see that a number sent twice is the same one."""
    return {"name": metric_name, "ts": int(time.time()), "val": value, "id": uuid.uuid4().hex}


def request(path, body=None, timeout=ANSWER_SECONDS):
    """One call to the hub: POST when there is a body. Returns the answer's bytes, raises OSError (HTTPError among them)."""
    call = urllib.request.Request(OPS + path, method="GET" if body is None else "POST")
    if body is not None:
        call.data = json.dumps(body).encode()
        call.add_header("Content-Type", "application/json")
    token = os.getenv("OPS_TOKEN")
    if token:
        call.add_header("Authorization", "Bearer " + token)
    here = urllib.parse.urlsplit(OPS).hostname in ("localhost", "127.0.0.1", "::1")
    with _opener(here).open(call, timeout=timeout) as answer:
        return answer.read()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the token, and the numbers, to somebody else."""

    def redirect_request(self, *args, **kwargs):
        return None


@functools.lru_cache(maxsize=None)  # making one reads the machine's certificates: 40 ms since Python 3.12
def _opener(here):
    handlers = [_NoRedirect]
    if here:
        handlers.append(urllib.request.ProxyHandler({}))  # a proxy of the office knows nothing of this machine
    return urllib.request.build_opener(*handlers)


class Sender:
    """The queue and what empties it. `post`, `clock` and `warn` are handed in by tests."""

    def __init__(self, post=None, clock=time.monotonic, warn=None, threaded=True):
        self._post = post or (lambda items, timeout: request("/metric", items, timeout))
        self._clock = clock
        self._warn = warn or (lambda line: print("hms_ops_client: " + line, file=sys.stderr))
        self._threaded = threaded
        self._start_afresh()

    def _start_afresh(self):
        self._waiting = collections.deque()   # (when it was measured, the number); a deque's ends are safe to share
        self._sending = threading.Lock()
        self._starting = threading.Lock()
        self._thread = None
        self._away = False
        self._tries = 0
        self.lost = 0

    def put(self, item):
        if len(self._waiting) >= QUEUE_ITEMS:
            self._lose(1, "the queue is full")
        else:
            self._waiting.append((self._clock(), item))
        if self._threaded and self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="hms-ops-client", daemon=True)
                    self._thread.start()

    def flush(self, timeout):
        until = self._clock() + timeout
        while self._waiting and self._clock() < until:
            if not self.send_batch(max(0.1, until - self._clock())):
                break
        return not self._waiting

    def send_batch(self, timeout=ANSWER_SECONDS):
        """One request with the oldest numbers. False when they have to be sent again."""
        with self._sending:
            self._drop_stale()
            batch = [item for _, item in list(self._waiting)[:BATCH_ITEMS]]
            if not batch:
                return True
            try:
                answer = self._post(batch, timeout)
            except urllib.error.HTTPError as refusal:
                with refusal:
                    said = refusal.read(500).decode("utf-8", "replace").strip()
                if refusal.code in (408, 429) or refusal.code >= 500:
                    return self._again("answers %d %s" % (refusal.code, said))
                self._lose(len(batch), "the hub refused them: %d %s" % (refusal.code, said))
            except OSError as trouble:
                return self._again(getattr(trouble, "reason", None) or trouble)
            else:
                self._heed(answer)
            for _ in batch:
                self._waiting.popleft()
            self._away, self._tries = False, 0
            return True

    def pause(self):
        """Seconds until the next try: one while all is well, twice as many after each that failed."""
        return min(BACK_OFF_SECONDS, FLUSH_SECONDS * 2 ** min(self._tries, 10)) if self._away else FLUSH_SECONDS

    def _heed(self, answer):
        try:
            refused = json.loads(answer or b"{}").get("refused") or []
        except (ValueError, AttributeError):
            return                            # the numbers were taken; an answer in another shape says nothing against it
        if refused:
            self._lose(len(refused), "the hub refused them: %s" % refused[0].get("reason"))

    def _again(self, why):
        self._tries += 1
        if not self._away:
            self._away = True
            self._warn("the hub at %s is away (%s); %d numbers wait and will be sent again" % (OPS, why, len(self._waiting)))
        return False

    def _drop_stale(self):
        stale = 0
        while self._waiting and self._clock() - self._waiting[0][0] > STALE_SECONDS:
            self._waiting.popleft()
            stale += 1
        if stale:
            self._lose(stale, "they waited more than %d s" % STALE_SECONDS)

    def _lose(self, count, why):
        if self.lost == 0:
            self._warn("numbers are being lost: %s" % why)
        self.lost += count

    def _run(self):
        while True:
            time.sleep(self.pause())
            while self.send_batch() and self._waiting:
                pass


_sender = Sender()
atexit.register(flush)
if hasattr(os, "register_at_fork"):
    # The parent keeps what it had queued; a child's thread is started by its first number.
    os.register_at_fork(after_in_child=_sender._start_afresh)
