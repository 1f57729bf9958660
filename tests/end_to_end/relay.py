"""A TCP relay that simulates a network between two hosts: it delays data, loses some of it, and can be cut."""

import random
import socket
import threading
import time
from queue import Queue

LOST = 0.2  # seconds that TCP takes to notice a lost packet and send it again: its shortest timeout


class Relay:
    """Carries connections to ``port`` of this machine from a port of its own on another loopback ``address``.

    Each piece is ``delay`` seconds under way; a share ``loss`` of them is lost once, and everything behind waits for its
    repetition, as with TCP. ``block`` holds everything back, and ``unblock`` lets it go on.
    """

    def __init__(self, port, *, address, delay=0.0, loss=0.0, seed=1):
        self.address, self._to = address, ("127.0.0.1", port)
        self._delay, self._loss, self._chance = delay, loss, random.Random(seed)
        self._whole, self._closed = threading.Event(), False
        self._whole.set()
        self._listener = socket.create_server((address, 0))
        self.port = self._listener.getsockname()[1]
        self._sockets = []
        self.carried = 0
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def block(self):
        """Stop passing data."""
        self._whole.clear()

    def unblock(self):
        """Pass the data that was held back, and all data from now on."""
        self._whole.set()

    def close(self):
        """End all connections."""
        self._closed = True
        self._whole.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for each in self._sockets:
            each.close()

    def _accept(self):
        while not self._closed:
            try:
                near, _ = self._listener.accept()
            except OSError:
                continue
            self._sockets.append(near)
            try:
                far = socket.create_connection(self._to)
            except OSError:  # the other end is gone
                near.close()
                continue
            self._sockets.append(far)
            for source, sink in ((near, far), (far, near)):
                pieces = Queue()
                for work in (self._take, self._give):
                    end = source if work == self._take else sink
                    threading.Thread(target=work, args=(end, pieces), daemon=True).start()

    def _take(self, source, pieces):
        while True:
            try:
                piece = source.recv(65536)
            except OSError:
                piece = b""
            under_way = self._delay + (LOST if self._chance.random() < self._loss else 0.0)
            pieces.put((time.monotonic() + under_way, piece))
            if not piece:
                return

    def _give(self, sink, pieces):
        piece = b"-"
        while piece:
            arrival, piece = pieces.get()
            time.sleep(max(0.0, arrival - time.monotonic()))
            self._whole.wait()
            try:
                if piece:
                    sink.sendall(piece)
                    self.carried += len(piece)
                else:
                    sink.shutdown(socket.SHUT_WR)
            except OSError:
                return
