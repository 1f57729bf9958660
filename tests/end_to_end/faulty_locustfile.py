"""A locustfile for the tests alone: checkload with one fault in its own process, named in CHECKLOAD_TEST_FAULT.

Where several processes make the load, it is in the first worker only.
"""

import os
import resource
import socket
import struct
import time

import gevent
from gevent import monkey
from locust import events
from locust.runners import MasterRunner, WorkerRunner

from harness.locust_plugin.plugin import Plugin
from harness.locust_plugin.shape import ArrivalShape
from scenarios.runtime.scenario_folder import ScenarioFolder
from users.http import connection
from users.shopper import Abandoning, FirstTime, Guest, Returning

__all__ = ["Abandoning", "ArrivalShape", "FirstTime", "Guest", "Returning"]

FILES = 64
IP_LOCAL_PORT_RANGE = 51  # Linux 6.3; Python has no name for it
RANGE = struct.pack("=HH", 40_000, 40_199)  # 200 ports
BLOCK = 0.2
STEP = 5.0
AHEAD = 2.0
WAIT = 3.0  # seconds from the moment all users are there; the load is steady by then

wall = {"ahead": 0.0}
sleep_without_letting_others_go_on = monkey.get_original("time", "sleep")


def wall_clock():
    return time.time() + wall["ahead"]


def few_files():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, most))


def few_ports():
    class Narrow(connection._Socket):
        def connect_ex(self, address):
            self.setsockopt(socket.IPPROTO_IP, IP_LOCAL_PORT_RANGE, RANGE)
            return super().connect_ex(address)

    connection._Socket = Narrow


def block():
    while True:
        gevent.sleep(0.8)
        sleep_without_letting_others_go_on(BLOCK)


def step():
    gevent.sleep(WAIT)
    wall["ahead"] = STEP


def ahead():
    wall["ahead"] = AHEAD


AT_ONCE = {"clock ahead": ahead}
UNDER_LOAD = {"few files": few_files, "few ports": few_ports, "block": block, "clock step": step}


def is_concerned(environment):
    runner = environment.runner
    return not isinstance(runner, MasterRunner) and not (isinstance(runner, WorkerRunner) and runner.worker_index)


@events.init.add_listener
def on_init(environment, **_):
    fault = os.environ["CHECKLOAD_TEST_FAULT"]
    if not is_concerned(environment):
        return
    if fault in AT_ONCE:
        AT_ONCE[fault]()
    else:
        environment.events.spawning_complete.add_listener(lambda **_: gevent.spawn(UNDER_LOAD[fault]))


Plugin(ScenarioFolder(), wall_clock=wall_clock).bind(events)
