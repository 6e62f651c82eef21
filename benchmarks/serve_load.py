"""The HTTP API under load: how quick it is while it renders, and whether SIGKILL costs a job.

    python benchmarks/serve_load.py latency [--seconds 10]     # needs wrk: apt-get install wrk
    python benchmarks/serve_load.py kills [--jobs 100] [--kills 5]

``latency``: p50 and p95 of small requests by four connections, on an idle server and on the same
while its worker animates (which takes all cores that there are), in one run. ``kills``: jobs are
asked for over HTTP, the server is killed with SIGKILL again and again, the client tries again with
the same keys; at the end every job has to be done, none twice, none lost.
"""

import argparse
import contextlib
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2

import deepmeme
from deepmeme.client import ServerError
from deepmeme.jobs.limits import resident_bytes
from deepmeme.jobs.queue import Queue
from queue_kill import PICTURES, SMALL, _counted, _peak_bytes

ROUNDS = 3


def main() -> None:
    """One of the two."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("what", choices=("latency", "kills"))
    parser.add_argument("--seconds", type=float, default=10, help="of each measurement")
    parser.add_argument("--jobs", type=int, default=100)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if chosen.what == "latency":
            latency(Path(folder), chosen.seconds)
        else:
            kills(Path(folder), chosen.jobs, chosen.kills, chosen.seed)


def latency(folder: Path, seconds: float) -> None:
    """A table of milliseconds."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed: apt-get install wrk")
    with served(folder / "root", _port()) as (address, _), deepmeme.Client(address) as client:
        client.faces(seed=1)  # loads the model
        job = client.wait(client.animate("shelf:statue", "shelf:driver", **SMALL))
        requests = {
            "GET health": ("/v1/health", ""),
            "GET a job": (f"/v1/jobs/{job.id}", ""),
            "GET the page": ("/", ""),
            "POST a face": ("/v1/faces", '{"seed": 3}'),
        }
        print(f"{'':16}{'idle':>24}{'while it renders':>28}")
        print(f"{'':16}{'p50':>10}{'p95':>8}{'a s':>6}{'p50':>14}{'p95':>8}{'a s':>6}   ms")
        idle = {name: _measured(folder, address, *r, seconds) for name, r in requests.items()}
        busy = client.animate("shelf:painting", "shelf:driver", loop=100)
        while busy.refresh().facts["stage"] != "render":
            time.sleep(0.2)
        for name, request in requests.items():
            under = _measured(folder, address, *request, seconds)
            assert busy.refresh().state == "running", "the rendering ended too soon"
            (a, b, n), (c, d, m) = idle[name], under
            print(f"{name:16}{a:10.1f}{b:8.1f}{n:6.0f}{c:14.1f}{d:8.1f}{m:6.0f}", flush=True)
        busy.cancel()


def _measured(
    folder: Path, address: str, path: str, body: str, seconds: float
) -> tuple[float, float, float]:
    """Medians over the rounds: p50 and p95 in ms, and requests a second."""
    script = folder / "request.lua"
    post = f"wrk.method='POST'\nwrk.body='{body}'\n" if body else ""
    script.write_text(
        f"{post}wrk.headers['content-type']='application/json'\n"
        "done = function(summary, latency, requests)\n"
        "  io.write(string.format('P50 %f P95 %f N %f BAD %d\\n', latency:percentile(50)/1000,"
        " latency:percentile(95)/1000, summary.requests / summary.duration * 1e6,"
        " summary.errors.status + summary.errors.connect + summary.errors.read"
        " + summary.errors.timeout))\nend\n"
    )
    rows = []
    for _ in range(ROUNDS):
        command = ["wrk", "-t1", "-c4", f"-d{seconds / ROUNDS:.0f}s", "-s", str(script)]
        said = subprocess.run(
            [*command, address.rstrip("/") + path], capture_output=True, text=True, check=True
        ).stdout
        found = re.search(r"P50 ([\d.]+) P95 ([\d.]+) N ([\d.]+) BAD (\d+)", said)
        assert found is not None, said
        assert found[4] == "0", f"{found[4]} requests failed: {path}"
        rows.append([float(found[i]) for i in (1, 2, 3)])
    p50, p95, rate = (statistics.median(column) for column in zip(*rows, strict=True))
    return p50, p95, rate


def kills(folder: Path, jobs: int, times: int, seed: int) -> None:
    """Ask, kill, ask again, count."""
    root, port, pick = folder / "root", _port(), random.Random(seed)
    ids: list[str] = []
    started, peak, peak_server = time.perf_counter(), 0, 0
    when = [(part + pick.random()) * jobs / (times + 1) for part in range(times)]
    left: list[float] = list(when)
    with contextlib.ExitStack() as stack:
        address, process = stack.enter_context(served(root, port))
        client = stack.enter_context(deepmeme.Client(address))
        while True:
            try:
                while len(ids) < jobs:  # the same key again is the same job
                    n = len(ids)
                    picture = f"shelf:{PICTURES[n % len(PICTURES)]}"
                    job = client.animate(picture, "shelf:driver", key=f"job {n}", **SMALL)
                    ids.append(job.id)
                health = client.health()
                ended = jobs - health["queued"] - health["running"]
            except (httpx2.TransportError, ServerError):
                time.sleep(0.2)
                continue
            peak = max(peak, _peak_bytes(root))
            peak_server = max(peak_server, resident_bytes(process.pid))
            if ended == jobs:
                break
            if left and ended >= left[0]:
                time.sleep(pick.random() * 1.5)
                process.kill()
                process.wait()
                left.pop(0)
                print(f"killed the server after {ended} jobs", flush=True)
                address, process = stack.enter_context(served(root, port))
            time.sleep(0.1)
    queue = Queue(root)
    count = _counted(queue, ids, times, time.perf_counter() - started, peak / 1e6)
    queue.close()
    print(
        f"{count.done} of {jobs} jobs done in {count.seconds:.0f} s over HTTP, {times} servers "
        f"killed; {count.twice} ended twice, {count.lost} lost, {count.wrong} results wrong\n"
        f"attempts: {count.attempts}; most memory: a worker {count.most_mb:.0f} MB, the server "
        f"{peak_server / 1e6:.0f} MB"
    )
    if not count.good or len(set(ids)) != jobs:
        raise SystemExit(1)


@contextlib.contextmanager
def served(root: Path, port: int) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """``deepmeme serve`` in a process of its own, once it answers."""
    words = ["--port", str(port), "--folder", str(root), "--rate", "10000", "--max-queued", "1000"]
    process = subprocess.Popen(
        [sys.executable, "-m", "deepmeme", "serve", *words], stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}/"
    try:
        for _ in range(300):
            with contextlib.suppress(httpx2.TransportError):
                httpx2.get(f"{address}v1/health")
                break
            time.sleep(0.1)
        yield address, process
    finally:
        process.terminate()
        process.wait()


def _port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


if __name__ == "__main__":
    main()
