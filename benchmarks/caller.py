"""Calls a Lambda handler as the runtime does: JSON in, JSON out. Run as `caller.py MODULE`, in a process of its own.

Each line of standard input is `{"event": text, "times": n}`; each line of the answer is `{"cpu", "wall"}` in seconds a
call, `modules` that the process has loaded and the last `answer`. It imports next to nothing, so that what it starts is
the handler and nothing else.
"""

import importlib
import json
import sys
import time


def main() -> None:
    handler = importlib.import_module(sys.argv[1]).handler
    for line in sys.stdin:
        asked = json.loads(line)
        event, times = asked["event"], asked["times"]
        answer = ""
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(times):
            answer = json.dumps(handler(json.loads(event), None))
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        found = {"cpu": cpu / times, "wall": wall / times, "modules": len(sys.modules), "answer": answer}
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
