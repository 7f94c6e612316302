"""compare.py LIMIT PROGRAM BARE CERTS ENGINE: ls of a store against a client that does only the handshakes."""

import os
import resource
import statistics
import subprocess
import sys
import time

RUNS = 7
limit, program, bare, certs, engine = float(sys.argv[1]), *sys.argv[2:6]


def once(*command):
    """Wall seconds, CPU seconds, standard output of a command."""
    start, begin = time.monotonic(), os.times()
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    end = os.times()
    cpu = end.children_user + end.children_system - begin.children_user - begin.children_system
    return time.monotonic() - start, cpu, output


def medians(runs):
    return [statistics.median(run[column] for run in runs) for column in (0, 1)]


def verdict(good):
    return "ok" if good else "TOO SLOW"


names = once(program, "ls", "-q")[2].split()
listed = once(program, "ls")[2]
answered = sum("Running" in line and " v" in line for line in listed.splitlines())
assert answered == len(names), f"{answered} of {len(names)} answered"
# In turns, so that both meet the same machine.
pairs = [(once(program, "ls"), once(bare, certs, engine, str(len(names)))) for _ in range(RUNS)]
assert pairs[0][1][2] == f"{len(names)} answered\n", pairs[0][1][2]
wall, cpu = medians([ours for ours, _ in pairs])
bare_wall, bare_cpu = medians([theirs for _, theirs in pairs])
print(f"ls of {len(names)}: {cpu:.3f} s of CPU, {wall:.3f} s; the handshakes alone: {bare_cpu:.3f} s of CPU, "
      f"{bare_wall:.3f} s: {cpu / bare_cpu:.2f} x CPU; limit {limit} x: {verdict(cpu <= limit * bare_cpu)}")
wall, cpu = medians([once(program, "ls", "-q") for _ in range(RUNS * 3)])
print(f"ls -q: {wall * 1000:.1f} ms, {cpu * 1000:.1f} ms of CPU; limit 15 ms: {verdict(wall <= 0.015)}")
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(f"peak memory {peak:.1f} MB; limit 25 MB: " + ("ok" if peak <= 25 else "TOO MUCH"))
