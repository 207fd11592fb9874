#!/usr/bin/env python3
"""The crate and the tool beside floors and peers, all in one session.

    benches/compare/compare.py [--runs N] [--only WORD] [--peers PYTHON] [--quick]

Builds what it needs (release), starts the static responder, and runs each job and what it is measured by in turn.
Printed are medians and the ratios of the medians: of the time, of the CPU time, and of the peak memory. Everything goes
over TLS on loopback with Basic, so that only the client's own cost is measured; ours pins the certificate, the floors
verify none. --peers names a Python that has pypsrp and pywinrm; winrm-rs is built for it as well. --quick leaves out the
long enumerations.
Peak memory of the tool and the peers needs GNU time as /usr/bin/time.
"""
import argparse
import json
import os
import pathlib
import random
import resource
import shutil
import statistics
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
TIMER = "/usr/bin/time"
MACHINE = 'Msvm_ComputerSystem.CreationClassName="Msvm_ComputerSystem",Name="7B2A6C5E-0000-4000-8000-100000000007"'


class Responder:
    def __init__(self, built, *arguments):
        self.process = subprocess.Popen([built / "responder", *arguments], stdout=subprocess.PIPE, text=True)
        self.fingerprint, self.ports = self.process.stdout.readline().split()
        self.environment = {"FINGERPRINT": self.fingerprint, "PORTS": self.ports}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def build(path, *arguments):
    subprocess.run(["cargo", "build", "-q", "--release", "--locked", *arguments], cwd=path, check=True)
    return path / "target" / "release"


def run(command, environment, whole):
    """What one run took in ms, its CPU time in ms, and its peak memory in MiB. A program that tells how long its work took is
    believed, unless the whole process counts; the CPU time is the whole process's."""
    command = [str(part) for part in command]
    timed = [TIMER, "-f", "%M"] + command if os.path.exists(TIMER) else command
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    result = subprocess.run(timed, env={**os.environ, **environment}, capture_output=True, text=True)
    wall, after = (time.perf_counter() - start) * 1e3, resource.getrusage(resource.RUSAGE_CHILDREN)
    if result.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: exit code {result.returncode}\n{result.stderr}")
    cpu = (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1e3
    peak = int(result.stderr.split()[-1]) / 1024 if timed is not command else float("nan")
    try:
        told = json.loads(result.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError):
        told = {}
    return (wall if whole else told.get("us", wall * 1e3) / 1e3), cpu, peak


def compare(title, commands, environment, runs, whole=False, peers=None):
    """Runs the commands in turn, each round in another order; the first is what the others are measured by. The peers come
    afterwards, by themselves: for some seconds after a second of Python the floor is a third faster, and it alone."""
    print(f"\n{title} ({runs} runs in turn)")
    medians = {**in_turn(commands, environment, runs, whole), **in_turn(peers or {}, environment, runs, whole)}
    by = next(iter(medians.values()))
    for name, median in medians.items():
        (took, cpu, peak), (times, of_cpu, of_peak) = median, (mine / base for mine, base in zip(median, by))
        print(f"  {name:24} {took:9.2f} ms x{times:5.2f}   CPU {cpu:9.2f} ms x{of_cpu:5.2f}   "
              f"peak {peak:6.1f} MiB x{of_peak:5.2f}", flush=True)


def in_turn(commands, environment, runs, whole):
    samples = {name: [] for name in commands}
    for name, command in commands.items():
        run(command, environment, whole)
    for _ in range(runs):
        for name in random.sample(sorted(commands), len(commands)):
            samples[name].append(run(commands[name], environment, whole))
    return {name: [statistics.median(column) for column in zip(*rows)] for name, rows in samples.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--only", default="")
    parser.add_argument("--peers")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()

    tool = build(TOP, "--bin", "hvctl") / "hvctl"
    built = build(HERE)
    floor, ours = built / "floor", built / "crate"
    peers = {}
    if options.peers:
        peers = {name: [options.peers, HERE / "peers.py", name] for name in ("pypsrp", "pywinrm")}
        winrm_rs = build(HERE / "winrmrs") / "winrmrs"

    def wanted(word):
        return options.only in word

    def beside(*mode):
        return {name: command + list(mode) for name, command in peers.items()}

    folder = pathlib.Path(tempfile.mkdtemp())
    try:
        with Responder(built, "--ports", "64") as responder:
            environment = {**responder.environment, "XDG_CONFIG_HOME": str(folder), "HVCTL_PASSWORD": "secret"}
            url = f"https://127.0.0.1:{responder.ports.split(',')[0]}/wsman"
            connection = ["--host", url, "--fingerprint", responder.fingerprint]
            login = ["--user", "admin", "--auth", "basic"]
            if wanted("cold"):
                commands = {
                    "floor identify": [floor, "identify"],
                    "hvctl identify": [tool, "identify", "--anonymous", *connection],
                    "hvctl get": [tool, "get", MACHINE, *connection, *login],
                }
                runs = options.runs * 4 + 1
                compare("cold start and one request, whole process", commands, environment, runs, True, beside("once"))
            if wanted("get"):
                commands = {"floor": [floor, "get", "1000"], "reqwest": [floor, "reqwest", "1000"],
                            "crate, typed": [ours, "get", "1000"]}
                compare("1,000 Gets, one after the other", commands, environment, options.runs,
                        peers=beside("get", "1000"))
            if wanted("fan"):
                commands = {"floor": [floor, "fan", "20"], "reqwest": [floor, "reqwest-fan", "20"],
                            "crate, typed": [ours, "fan", "20"]}
                compare("64 hosts x 20 Gets", commands, environment, options.runs, peers=beside("fan", "20"))
            if wanted("stream"):
                commands = {"floor: events": [floor, "events"], "crate: typed stream": [ours, "stream"]}
                compare("50,000 instances, streamed", commands, environment, options.runs)
            if wanted("collect"):
                commands = {"floor: names and texts": [floor, "naive"], "crate: instances": [ours, "instances"],
                            "crate: typed": [ours, "typed"]}
                others = beside("enumerate")
                if peers:
                    others["winrm-rs: one string"] = [winrm_rs, "query"]
                compare("50,000 instances, all kept", commands, environment, options.runs, peers=others)
        if wanted("parser"):
            dump = folder / "pages.xml"
            subprocess.run([built / "responder", "--dump", dump], check=True)
            commands = {"quick-xml: events": [floor, "xml", dump], "crate: typed stream": [ours, "pages", dump]}
            compare("61.7 MB of pages without a network", commands, {}, options.runs)
            print("\nallocations for each instance")
            subprocess.run([built / "allocations", dump], check=True)
        if wanted("linear") and not options.quick:
            print("\nlinear: a typed stream of N instances")
            for items in (5_000, 50_000, 500_000):
                with Responder(built, "--items", str(items)) as responder:
                    runs = [run([ours, "stream"], responder.environment, False) for _ in range(5)]
                    took, _, peak = (statistics.median(column) for column in zip(*runs))
                    print(f"  {items:7}  {took * 1e3 / items:6.2f} us each   peak {peak:5.1f} MiB", flush=True)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
