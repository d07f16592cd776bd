"""A service that schedules hearings with the county, and times each call.

    python svc_county_client.py --calls 20      # against a stand-in for the county on this machine

COUNTY_API_URL names another county; the hub is the one OPS_URL names (hms_ops_client.py).
"""
import argparse
import json
import os
import urllib.request

import county_api
import hms_ops_client as ops


def call_county(payload, url=None):
    with ops.timer("county_api_ms"):          # ① start timer
        call = urllib.request.Request(
            url or os.environ["COUNTY_API_URL"], data=json.dumps(payload).encode(), headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(call, timeout=10) as r:
            answer = r.read()
    return json.loads(answer)


def main():
    options = argparse.ArgumentParser(description="Schedules hearings with the county and times each call.")
    options.add_argument("--calls", type=int, default=20, help="how many hearings to schedule (20)")
    calls = options.parse_args().calls
    if os.getenv("COUNTY_API_URL"):
        schedule(calls, os.environ["COUNTY_API_URL"])
    else:
        os.environ["no_proxy"] = "127.0.0.1"  # a proxy of the office knows nothing of the stand-in
        with county_api.running() as url:
            schedule(calls, url)


def schedule(calls, url):
    for case in range(1, calls + 1):
        answer = call_county({"case": case}, url)
        print("hearing %d scheduled under docket rule %s" % (case, answer["docket_rule"]), flush=True)


if __name__ == "__main__":
    main()
