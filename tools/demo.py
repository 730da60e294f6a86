"""Drives tools/demo: starts the programs and shows their certificates.

Only Python's standard library. All that is shown comes from the node agents'
own /status.
"""

import argparse
import datetime
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

_LIFETIME = 60  # Seconds.
_ROTATIONS = 2  # Of each agent, after which the demo is over.
_LIMIT = 180  # Seconds until it has failed.


class DemoError(Exception):
    """Something that the user should read, and nothing else."""


def free_ports(count):
    """Ports of 127.0.0.1 on which nobody listens."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]
    finally:
        for s in sockets:
            s.close()


def get(port, path):
    """The body of a plain HTTP GET, or None if nothing answers yet."""
    url = "http://127.0.0.1:%d%s" % (port, path)
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return response.read().decode()
    except (urllib.error.URLError, OSError):
        return None


def seconds_until(text, now):
    """From now to an RFC 3339 time; None for an empty one."""
    if not text:
        return None
    then = datetime.datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")
    return then.replace(tzinfo=datetime.timezone.utc).timestamp() - now


def in_words(seconds):
    if seconds is None:
        return "-"
    return "%d s" % seconds if seconds >= 1 else "now"


def row_of(status, now):
    """One agent's line of the table."""
    return [
        status.get("node", ""),
        status.get("phase", ""),
        (status.get("serial") or "-")[:16],
        in_words(seconds_until(status.get("not_after"), now)),
        in_words(seconds_until(status.get("rotation_deadline"), now)),
        str(status.get("rotations", 0)),
    ]


HEAD = ["NODE", "STATE", "SERIAL", "EXPIRES IN", "ROTATES IN", "ROTATIONS"]
_WIDTHS = [10, 12, 18, 12, 12, 9]


def line_of(cells):
    return "".join(
        cell.ljust(width) for cell, width in zip(cells, _WIDTHS)
    ).rstrip()


class Processes:
    """The programs under way, ended in reverse order."""

    def __init__(self, logs):
        self._logs = logs
        self._running = []

    def start(self, name, argv):
        log = open(os.path.join(self._logs, name + ".log"), "wb")
        with log:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is ours to handle.
            )
        self._running.append((name, process))

    def check(self):
        """Fails, showing its log, if one of them has ended."""
        for name, process in self._running:
            if process.poll() is not None:
                raise DemoError(
                    "%s ended with code %d:\n%s"
                    % (name, process.returncode, self.log_end(name))
                )

    def log_end(self, name):
        with open(os.path.join(self._logs, name + ".log"), "rb") as f:
            lines = f.read().decode(errors="replace").splitlines()
        return "\n".join("    " + line for line in lines[-10:])

    def stop(self):
        for _, process in reversed(self._running):
            if process.poll() is None:
                process.terminate()
        for _, process in reversed(self._running):
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for(what, processes, ready, seconds=30):
    deadline = time.monotonic() + seconds
    while not ready():
        processes.check()
        if time.monotonic() > deadline:
            raise DemoError("%s is not ready after %d s" % (what, seconds))
        time.sleep(0.05)


class Display:
    """A table that is drawn over itself, or a line for each change."""

    def __init__(self, out):
        self._out = out
        self._live = out.isatty()
        self._drawn = 0
        self._last = {}

    def show(self, statuses, now):
        if self._live:
            lines = [line_of(HEAD)]
            lines += [line_of(row_of(s, now)) for s in statuses]
            if self._drawn:
                self._out.write("\x1b[%dA" % self._drawn)
            for line in lines:
                self._out.write("\x1b[2K" + line + "\n")
            self._drawn = len(lines)
        else:
            for status in statuses:
                key = (status.get("phase"), status.get("serial"))
                if self._last.get(status["node"]) == key:
                    continue
                if not self._last:
                    self._out.write(line_of(HEAD) + "\n")
                self._last[status["node"]] = key
                self._out.write(line_of(row_of(status, now)) + "\n")
        self._out.flush()


def wait_for_file(path, processes):
    wait_for(os.path.basename(path), processes, lambda: os.path.exists(path))


def start_cluster(options, directory, processes):
    """Starts the API server, the approver and the signer."""
    port, approver_port, signer_port = free_ports(3)
    token = "%s.%s" % (secrets.token_hex(3), secrets.token_hex(8))
    pki = os.path.join(directory, "pki")
    port_file = os.path.join(directory, "port")

    def kubeconfig(name):
        return os.path.join(directory, name + ".kubeconfig")

    processes.start(
        "signet-apiserver",
        [
            options.bin + "/tools/apiserver/signet-apiserver",
            "--port=%d" % port,
            "--cert-dir=" + pki,
            "--write-kubeconfig-dir=" + directory,
            "--bootstrap-token=" + token,
            "--print-port-file=" + port_file,
        ],
    )
    wait_for_file(port_file, processes)
    processes.start(
        "signet-approver",
        [
            options.bin + "/approver_service/signet-approver",
            "--kubeconfig=" + kubeconfig("approver"),
            "--health-address=127.0.0.1:%d" % approver_port,
        ],
    )
    processes.start(
        "signet-signer",
        [
            options.bin + "/signer_service/signet-signer",
            "--kubeconfig=" + kubeconfig("signer"),
            "--cluster-signing-cert-file=" + os.path.join(pki, "ca.crt"),
            "--cluster-signing-key-file=" + os.path.join(pki, "ca.key"),
            "--cluster-signing-duration=%ds" % _LIFETIME,
            "--backdate=0s",
            "--health-address=127.0.0.1:%d" % signer_port,
        ],
    )
    for name, service in [("approver", approver_port), ("signer", signer_port)]:
        wait_for(
            "signet-" + name,
            processes,
            lambda service=service: get(service, "/readyz") is not None,
        )


def start_agents(options, directory, processes):
    """Starts the node agents; returns their ports."""
    ports = free_ports(options.agents)
    for number, port in enumerate(ports, 1):
        node = "node-%d" % number
        processes.start(
            "signet-node-agent-" + node,
            [
                options.bin + "/node_agent/signet-node-agent",
                "--node-name=" + node,
                "--bootstrap-kubeconfig="
                + os.path.join(directory, "bootstrap.kubeconfig"),
                "--kubeconfig=" + os.path.join(directory, node, "kubeconfig"),
                "--cert-dir=" + os.path.join(directory, node, "pki"),
                "--health-address=127.0.0.1:%d" % port,
            ],
        )
    return ports


def watch(ports, processes, display, done, limit):
    """Shows the agents until done(statuses), which it returns."""
    began = time.monotonic()
    while True:
        processes.check()
        answers = [get(port, "/status") for port in ports]
        statuses = [json.loads(a) for a in answers if a is not None]
        display.show(statuses, time.time())
        if len(statuses) == len(ports) and done(statuses):
            return statuses
        if limit is not None and time.monotonic() - began > limit:
            raise DemoError(
                "not every agent has renewed %d times within %d s; the last "
                "of them said:\n%s"
                % (
                    _ROTATIONS,
                    limit,
                    processes.log_end(
                        "signet-node-agent-node-%d" % len(ports)
                    ),
                )
            )
        time.sleep(0.5)


def run(options, directory, processes):
    start_cluster(options, directory, processes)
    print(
        "An API server, an approver and a signer run. Certificates live %d s, "
        "and are\nrenewed after 70 to 90 %% of that. %d agents join now.\n"
        % (_LIFETIME, options.agents),
        flush=True,
    )
    if options.keep:
        print(
            "export KUBECONFIG=%s\n"
            % os.path.join(directory, "admin.kubeconfig"),
            flush=True,
        )
    ports = start_agents(options, directory, processes)
    display = Display(sys.stdout)
    if options.keep:
        watch(ports, processes, display, lambda statuses: False, None)
    statuses = watch(
        ports,
        processes,
        display,
        lambda statuses: all(s["rotations"] >= _ROTATIONS for s in statuses),
        _LIMIT,
    )
    issued = sum(s["issued"] for s in statuses)
    errors = sum(s["renew_errors"] for s in statuses)
    print(
        "\nEvery agent has renewed at least %d times: %d agents, %d "
        "certificates, %d errors."
        % (_ROTATIONS, len(statuses), issued, errors)
    )
    return 0


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--agents", type=int, default=3)
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args(argv)

    def interrupt(signum, frame):
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGHUP, interrupt)
    directory = tempfile.mkdtemp(prefix="signet-demo-")
    processes = Processes(directory)
    try:
        return run(options, directory, processes)
    except DemoError as error:
        print("tools/demo: %s" % error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped")
        return 0 if options.keep else 130
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        processes.stop()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
