"""Two worker processes that count into shared files, and a parent that shows the sum of them: the Python client's multiprocess mode."""
import os
import random
import sys
import tempfile
import time

os.environ['PROMETHEUS_MULTIPROC_DIR'] = tempfile.mkdtemp(dir=os.getcwd())  # read when the client is imported

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary, start_http_server  # noqa: E402
from prometheus_client.multiprocess import MultiProcessCollector  # noqa: E402

calls = Counter('calls', 'Calls taken.', ['office'])
wait = Histogram('wait', 'Waiting.', unit='seconds', buckets=(0.5, 1, 5))
size = Summary('size', 'Sizes.')
gauges = {mode: Gauge(f'gauge_{mode}', f'A gauge, {mode} over the workers.', multiprocess_mode=mode) for mode in ('all', 'liveall', 'sum', 'livesum', 'min', 'max')}


def work(number, parent):
    dice = random.Random(number)
    while os.getppid() == parent:
        calls.labels(dice.choice(['fairfax', 'arlington'])).inc()
        wait.observe(dice.expovariate(1))
        size.observe(dice.gauss(4, 1))
        for gauge in gauges.values():
            gauge.set(dice.gauss(number, 1))
        time.sleep(0.1)
    os._exit(0)


starter = os.getppid()
parent = os.getpid()
for number in (1, 2):
    if os.fork() == 0:
        work(number, parent)
registry = CollectorRegistry()
MultiProcessCollector(registry)
start_http_server(int(sys.argv[1]), '127.0.0.1', registry)
while os.getppid() == starter:
    time.sleep(1)
