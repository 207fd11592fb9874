#!/usr/bin/env python3
"""Cold start of `hvctl identify --anonymous` beside the floor, in one session.

    benches/compare.py [--runs N] [--hvctl PATH] [--floor "CMD"] [--port N --fingerprint sha256:HEX]

Builds what it needs (release), starts the responder of `benches/floor`, runs the two in turn and
prints the medians of wall and CPU time, the peak memory, and the ratio of the medians, pair by
pair. With --port, --fingerprint and --floor another responder and floor are measured instead.
Needs GNU time as /usr/bin/time for the memory figures; without it they are left out.
"""
import argparse
import os
import pathlib
import shlex
import statistics
import subprocess
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def build():
    floor = TOP / "benches" / "floor"
    subprocess.run(["cargo", "build", "-q", "--release", "--bin", "hvctl"], cwd=TOP, check=True)
    subprocess.run(["cargo", "build", "-q", "--release"], cwd=floor, check=True)
    return floor / "target" / "release"


def once(command):
    """Wall and CPU seconds of one run."""
    start = time.perf_counter()
    process = subprocess.Popen(command, **QUIET)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{shlex.join(command)}: exit code {process.returncode}")
    return wall, usage.ru_utime + usage.ru_stime


def peak_memory(command, runs=5):
    """Median peak resident memory in MB, or None without GNU time."""
    timer = "/usr/bin/time"
    if not os.path.exists(timer):
        return None
    peaks = []
    for _ in range(runs):
        result = subprocess.run([timer, "-f", "%M"] + command, stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True, check=True)
        peaks.append(int(result.stderr.split()[-1]) / 1024)
    return statistics.median(peaks)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=41)
    parser.add_argument("--hvctl")
    parser.add_argument("--floor")
    parser.add_argument("--port", type=int)
    parser.add_argument("--fingerprint")
    options = parser.parse_args()

    built = build()
    responder = None
    if options.port is None:
        responder = subprocess.Popen([built / "responder"], stdout=subprocess.PIPE, text=True)
        port, fingerprint = responder.stdout.readline().split()
    else:
        port, fingerprint = str(options.port), options.fingerprint
    hvctl = [options.hvctl or str(TOP / "target" / "release" / "hvctl"), "identify", "--anonymous",
             "--host", f"https://127.0.0.1:{port}/wsman", "--fingerprint", fingerprint]
    floor = shlex.split(options.floor) if options.floor else [str(built / "floor"), port]
    try:
        for command in (hvctl, floor):
            once(command)
        pairs = [(once(hvctl), once(floor)) for _ in range(options.runs)]
        rows = {"hvctl": [ours for ours, _ in pairs], "floor": [theirs for _, theirs in pairs]}
        for name, samples in rows.items():
            wall = statistics.median(sample[0] for sample in samples) * 1e3
            cpu = statistics.median(sample[1] for sample in samples) * 1e3
            memory = peak_memory(hvctl if name == "hvctl" else floor)
            shown = "-" if memory is None else f"{memory:.1f} MB"
            print(f"{name:8} wall {wall:6.2f} ms   cpu {cpu:6.2f} ms   peak {shown}")
        ratio = statistics.median(o[0] for o in rows["hvctl"]) / statistics.median(t[0] for t in rows["floor"])
        print(f"ratio of the medians {ratio:.2f}, median of the pairs' ratios "
              f"{statistics.median(ours[0] / theirs[0] for ours, theirs in pairs):.2f} ({options.runs} pairs)")
    finally:
        if responder:
            responder.kill()


if __name__ == "__main__":
    main()
