"""Sends broken bytes, foreign names and wrong shapes to the master's port: it refuses them and keeps listening.

A worker sends over a real connection. After each input it sends a heartbeat that the master must receive.
"""

from __future__ import annotations

import logging
import string
import sys
from contextlib import contextmanager
from pathlib import Path

import gevent
import msgpack
import zmq.green as zmq
from locust import __version__
from locust.env import Environment
from locust.event import Events
from locust.rpc import Message, rpc

from harness.distributed.delta import DeltaEncoder
from harness.distributed.messages import CLOCK_REPLY, REFUSE, REPORT
from harness.locust_plugin.master_port import install_port_guard
from harness.locust_plugin.transport import MasterTransport
from harness.measurement.recorder import Recorder
from harness.measurement.sample import Window
from harness.measurement.totals import RunTotals
from harness.run.collaborators import TimeSource

sys.path += [str(Path(__file__).parents[1])]
from master_runs import MasterRun
from workloads import FakeWorkload

NAME = "vm_" + 32 * "0"
WORKLOAD = FakeWorkload(name="own", arrival_rate=1.0, users=1, warm_up=1.0, steady=9.0, drain=5.0)
ENTRY = {
    "name": "BinNumberPage",
    "method": "POST",
    "last_request_timestamp": 3.0,
    "start_time": 1.0,
    "num_requests": 2,
    "num_none_requests": 0,
    "num_failures": 0,
    "total_response_time": 5,
    "max_response_time": 3,
    "min_response_time": 2,
    "total_content_length": 900,
    "response_times": {2: 1, 3: 1},
    "num_reqs_per_sec": {2: 2},
    "num_fail_per_sec": {},
}
USERS = {"user_classes_count": {"Guest": 1}, "user_count": 1}
HOSTILE = (
    *(
        None,
        True,
        -1,
        0,
        1,
        2**63,
        2**64 - 1,
        1e308,
        float("nan"),
        float("inf"),
        "",
        "x" * 70_000,
        "\x1b[2J\n",
        b"\xff",
        b"",
    ),
    *([], {}, [[[]]], {"": None}, {0: 0}, {"__datetime__": True, "as_str": "no"}, {"__ObjectId__": True, "as_str": 1}),
)


def messages(run, key):
    """The messages that a worker sends in a run, with correct contents."""
    recorder = Recorder(Window(0.0, 1.0, 10.0))
    recorder.offered(5.0, 3)
    encoder = DeltaEncoder(recorder)
    report = {
        "run": run.id,
        "key": key,
        "counts": encoder.encode(),
        "under_way": 0,
        "in_flight": {"gpay": 1},
        "requesting": {},
        "waiting": [],
        "pools": {},
        "exemplars": [],
        "facts": {"processor_share": 0.1, "reading": [None, None, None], "pid": 1},
        "orders": b"",
        "final": False,
    }
    stats = {"stats": [ENTRY], "stats_total": {**ENTRY, "name": "Aggregated"}, "errors": {}, **USERS}
    return {
        "client_ready": __version__,
        "client_stopped": None,
        "exception": {"msg": "no", "traceback": ""},
        "heartbeat": {"state": "running", "current_cpu_usage": 3.0, "current_memory_usage": 10},
        "locustfile": {"version": __version__},
        "logs": {"worker_id": NAME, "logs": ["one"]},
        "quit": None,
        "spawning": None,
        "spawning_complete": USERS,
        "stats": stats,
        REPORT: report,
        CLOCK_REPLY: {"run": run.id, "key": key, "sent": 1.0, "received": 1.0, "answered": 1.0},
        REFUSE: {"run": run.id, "key": key, "reason": "no"},
    }


def changed(random, value):
    """The same with one thing in it replaced, left out or added."""
    if isinstance(value, dict) and value and random.random() < 0.8:
        copy = dict(value)
        name = random.choice(list(copy))
        match random.randrange(4):
            case 0:
                del copy[name]
            case 1:
                copy["".join(random.choices(string.ascii_lowercase, k=3))] = random.choice(HOSTILE)
            case _:
                copy[name] = changed(random, copy[name])
        return copy
    if isinstance(value, list) and value and random.random() < 0.8:
        place = random.randrange(len(value))
        return [*value[:place], changed(random, value[place]), *value[place + 1 :]]
    return random.choice(HOSTILE)


def frames(random, proper):
    """The frames that are sent, without the part that names the connection."""
    kind = random.choice(list(proper))
    says, data, name = kind, proper[kind], NAME
    match random.randrange(8):
        case 0:
            return [random.randbytes(random.randrange(60)) for _ in range(random.choice((1, 1, 1, 2, 3)))]
        case 1:
            whole = bytearray(Message(says, data, name).serialize())
            for _ in range(random.choice((1, 1, 3, 10))):
                whole[random.randrange(len(whole))] = random.randrange(256)
            return [bytes(whole)]
        case 2:
            return [Message(says, data, name).serialize()[: random.randrange(200)]]
        case 3:
            return [msgpack.dumps(random.choice(HOSTILE))]
        case 4:
            name = random.choice(("vm_another", "", None, 7, NAME + " "))
        case 5:
            says = random.choice((*HOSTILE, "checkload_begin", "ack", "spawn"))
        case _:
            data = changed(random, data)
    return [msgpack.dumps((says, data, name))]


class TracebackRecorder(logging.Handler):
    """Keeps each traceback that is logged."""

    def __init__(self):
        super().__init__()
        self.tracebacks = []

    def emit(self, record):
        if record.exc_info or "Traceback" in record.getMessage():
            self.tracebacks.append(record.getMessage() + str(record.exc_info))


class Port:
    """A master with a run under way, and a worker's connection to it."""

    def __init__(self):
        self.log = TracebackRecorder()
        logging.getLogger().addHandler(self.log)
        logging.getLogger().setLevel(logging.INFO)
        self.guard, self.read = install_port_guard(), 0
        read = self.guard.read

        def counted(frames):
            self.read += 1
            return read(frames)

        self.guard.read = counted
        environment = Environment(events=Events())
        environment.parsed_locustfiles = [__file__]
        self.runner = environment.create_master_runner("127.0.0.1", 0)
        self.transport = MasterTransport(environment, self.guard)
        self.peer = self.connect(NAME)
        self.say("client_ready", __version__)
        self.begin()

    def connect(self, name):
        peer = zmq.Context.instance().socket(zmq.DEALER)
        peer.setsockopt(zmq.IDENTITY, name.encode())
        peer.setsockopt(zmq.LINGER, 0)
        peer.connect(f"tcp://127.0.0.1:{self.runner.server.port}")
        return peer

    def say(self, kind, data):
        self.peer.send(Message(kind, data, NAME).serialize())

    def begin(self):
        keys = []

        def send(_kind, message, _name):
            keys.append(message.get("key", ""))

        master = MasterRun(WORKLOAD, send, lambda: {NAME: {"Guest": 1}}, TimeSource(sleep=lambda _: gevent.sleep(0)))
        self.run, self.transport.inbox = master.run, master.inbox
        master.start(1)
        self.proper = messages(self.run, next(filter(None, keys)))

    def try_one(self, random):
        before, until = self.guard.refused.total(), self.read + 3
        self.peer.send_multipart(frames(random, self.proper))
        self.say("client_ready", __version__)
        self.say("heartbeat", {"state": "ready", "current_cpu_usage": 1, "current_memory_usage": 1})
        with gevent.Timeout(2):
            while self.read < until:
                self.drain()
        gevent.sleep(0)  # the last one is being handled
        assert not self.log.tracebacks, self.log.tracebacks
        assert self.runner.clients[NAME].cpu_usage == 1
        assert RunTotals.of(self.run.recorder).pages == 0
        if self.run.over or self.run.closing:
            self.begin()
        return "refused" if self.guard.refused.total() > before else "heard"

    def drain(self):
        """Receive the master's answer, or let the master work."""
        try:
            while True:
                self.peer.recv(zmq.NOBLOCK)
        except zmq.Again:
            gevent.sleep(0.0005)


@contextmanager
def opened():
    server = rpc.Server
    try:
        yield Port().try_one
    finally:
        rpc.Server = server
