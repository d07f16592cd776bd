"""A service with everything the Python client has, changed all the time: what its page says in either text format is what a scraper has to keep."""
import itertools
import os
import random
import sys
import threading
import time

from prometheus_client import REGISTRY, Counter, Enum, Gauge, Histogram, Info, Summary, start_http_server
from prometheus_client.core import GaugeMetricFamily

parent = os.getppid()
dice = random.Random(7)
orders = Counter('orders', 'Orders taken.', ['kind'])
wait = Histogram('wait', 'Waiting.', unit='seconds', buckets=(0.5, 1, 2.5, 10))
size = Summary('size', 'Sizes.', ['office'])
temperature = Gauge('temperature', 'Degrees.\nOn a second line, with a \\.')
odd = Gauge('odd', 'Values that are no common numbers.', ['kind'])
visitor = Gauge('visitor', 'Comes and goes.', ['name'])
state = Enum('state', 'State.', states=['up', 'down'])
Info('build', 'Build.').info({'version': '1.2', 'who': 'a "b" \\ c\nd é 漢'})
for kind, value in (('nan', float('nan')), ('inf', float('inf')), ('negative', float('-inf')), ('zero', -0.0), ('tiny', 5e-324), ('huge', 1.7976931348623157e308), ('whole', 2.0 ** 53)):
    odd.labels(kind).set(value)


class Dated:
    """A gauge that says itself when it was measured."""

    def collect(self):
        family = GaugeMetricFamily('measured', 'Measured every five seconds.', labels=['station'])
        at = int(time.time()) // 5 * 5
        family.add_metric(['north'], at % 100, timestamp=at)
        yield family


REGISTRY.register(Dated())


def work():
    for step in itertools.count():
        kind = dice.choice(['plain', 'a "b" \\ c\nd', 'é 漢'])
        orders.labels(kind).inc(dice.random(), exemplar={'trace_id': f'{dice.getrandbits(64):016x}'})
        wait.observe(dice.expovariate(1), exemplar={'trace_id': f'{dice.getrandbits(64):016x}'})
        size.labels('fairfax').observe(dice.gauss(4, 1))
        temperature.set(dice.gauss(-2.5, 10))
        state.state(dice.choice(['up', 'down']))
        if step % 40 == 20:
            visitor.labels('clerk').set(step)
        if step % 40 == 0 and step > 0:
            visitor.remove('clerk')
        time.sleep(0.1)


start_http_server(int(sys.argv[1]), '127.0.0.1')
threading.Thread(target=work, daemon=True).start()
while os.getppid() == parent:
    time.sleep(1)
