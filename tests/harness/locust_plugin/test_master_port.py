"""How Locust's master treats the messages on its port, over real connections on loopback."""

import gevent
import msgpack
import pytest
import zmq.green as zmq
from locust import __version__
from locust.env import Environment
from locust.event import Events
from locust.rpc import Message, rpc

from harness.distributed.messages import REPORT
from harness.locust_plugin.master_port import install_port_guard

BEAT = {"state": "ready", "current_cpu_usage": 1.0, "current_memory_usage": 1}

Unguarded = rpc.Server


class Port:
    def __init__(self):
        self.guard = install_port_guard()
        self.runner = Environment(events=Events()).create_master_runner("127.0.0.1", 0)
        self.received = []
        self.runner.register_message(REPORT, lambda msg, **_: self.received.append((msg.node_id, msg.data)))
        self.context, self.servers = zmq.Context(), [self.runner.server]

    def peer(self, name):
        peer = self.context.socket(zmq.DEALER)
        peer.setsockopt(zmq.IDENTITY, name if isinstance(name, bytes) else name.encode())
        peer.setsockopt(zmq.LINGER, 0)
        peer.connect(f"tcp://127.0.0.1:{self.runner.server.port}")
        return peer

    def worker(self, name):
        peer = self.peer(name)
        say(peer, name, "client_ready", __version__)
        assert answer(peer) == "ack"
        return peer

    def close(self):
        self.runner.greenlet.kill()
        for context in (self.context, *(each.socket.context for each in self.servers)):
            context.destroy(linger=0)


def say(peer, name, kind, data=None):
    peer.send(Message(kind, data, name).serialize())


def answer(peer, seconds=5):
    with gevent.Timeout(seconds, False):
        return Message.unserialize(peer.recv()).type
    return None


def beats(peer, name):
    say(peer, name, "heartbeat", BEAT)
    return answer(peer) == "heartbeat"


@pytest.fixture
def port(monkeypatch):
    monkeypatch.setattr(rpc, "Server", rpc.Server)
    made = Port()
    yield made
    made.close()


@pytest.mark.parametrize(
    "frames",
    [
        [b"\xff\xfe\x00"],
        [b""],
        [b"\xc1"],
        [msgpack.dumps(7)],
        [msgpack.dumps(("heartbeat", BEAT))],
        [msgpack.dumps(("heartbeat", None, "vm_a"))],
        [msgpack.dumps(("heartbeat", {**BEAT, "state": "\x1b[2J"}, "vm_a"))],
        [msgpack.dumps(("stats", {"stats": [], "errors": {}, "user_classes_count": {}, "user_count": 1}, "vm_a"))],
        [msgpack.dumps(("spawning_complete", {"user_classes_count": 3, "user_count": 1}, "vm_a"))],
        [msgpack.dumps(("logs", "x", "vm_a"))],
        [msgpack.dumps(("locustfile", {"version": -1}, "vm_a"))],
        [msgpack.dumps((["quit"], None, "vm_a"))],
        [msgpack.dumps(("no such kind", None, "vm_a"))],
        [msgpack.dumps((REPORT, {"run": "x", "final": 1}, "vm_a"))],
        [msgpack.dumps(("quit", {"__datetime__": True, "as_str": "x"}, "vm_a"))],
        [msgpack.dumps(("quit", {"__ObjectId__": True, "as_str": "x"}, "vm_a"))],
        [Message("heartbeat", BEAT, "vm_a").serialize(), b"and more"],
        [Message("heartbeat", BEAT, "vm_a").serialize()[:-3]],
    ],
)
def test_an_invalid_message_is_refused_and_the_next_one_is_read(port, frames, caplog):
    worker = port.worker("vm_a")
    worker.send_multipart(frames)
    assert beats(worker, "vm_a")
    assert port.guard.refused.total() == 1
    assert "Traceback" not in caplog.text
    assert "refused" in caplog.text


@pytest.mark.parametrize(
    ("kind", "data"),
    [("quit", None), ("client_stopped", None), (REPORT, {"run": "x", "final": True}), ("heartbeat", BEAT)],
)
def test_a_sender_cannot_use_the_name_of_another_worker(port, kind, data):
    worker = port.worker("vm_a")
    port.runner.clients["vm_a"].state = "running"
    for name in ("vm_stranger", "vm_a", b"\xff", b"vm_b\n"):  # the second is the worker's own, which is taken
        stranger = port.peer(name)
        say(stranger, "vm_a", kind, data)
        if name != "vm_a":
            say(stranger, name if isinstance(name, str) else "vm_b", kind, data)
    with gevent.Timeout(5):
        while port.guard.refused.total() < 6:
            gevent.sleep(0.01)
    assert answer(stranger, 0.1) is None
    assert port.guard.refused.total() == 6
    assert port.runner.clients["vm_a"].state == "running"
    assert port.received == []
    say(worker, "vm_a", REPORT, {"run": "x", "final": True})
    assert beats(worker, "vm_a")
    assert port.received == [("vm_a", {"run": "x", "final": True})]


def test_the_listener_continues_after_an_error(port, caplog):
    def breaks(_name, _message):
        raise LookupError("an unexpected error")

    worker, handle = port.worker("vm_a"), port.runner.handle_message
    port.runner.handle_message = breaks
    port.guard.wrap_handler(port.runner)
    say(worker, "vm_a", "heartbeat", BEAT)
    with gevent.Timeout(5):
        while not port.guard.refused:
            gevent.sleep(0.01)
    assert dict(port.guard.refused) == {"could not be handled (heartbeat, LookupError)": 1}
    port.runner.handle_message = handle
    assert beats(worker, "vm_a")
    assert "Traceback" not in caplog.text


def test_a_flood_is_counted_and_logged_now_and_then(port, caplog):
    stranger, worker = port.peer("vm_stranger"), port.worker("vm_a")
    for _ in range(300):
        stranger.send(b"\x93")
    assert beats(worker, "vm_a")
    while port.guard.refused.total() < 300:
        gevent.sleep(0.01)
    assert caplog.text.count("refused") == 3


def test_a_reopened_port_has_the_same_guard(port):
    port.runner.connection_broken = True
    with gevent.Timeout(10):
        while port.runner.connection_broken:
            gevent.sleep(0.05)
    port.servers.append(port.runner.server)
    assert type(port.runner.server) is type(port.servers[0])
    assert type(port.runner.server) is not Unguarded
