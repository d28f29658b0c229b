"""A client that was written for Toxiproxy (toxiproxy-python) drives our fault proxy unchanged.

DOORBUSTER_PROXY is the ready line of `doorbuster proxy`.
"""

import json
import os
import socket
import threading
import time
import unittest

from toxiproxy import Toxiproxy
from toxiproxy.exceptions import InvalidToxic, NotFound, ProxyExists

HOST, PORT = json.loads(os.environ["DOORBUSTER_PROXY"])["api"].rsplit(":", 1)


def echo():
    """Sends back what it gets; its address."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(connection):
        with connection:
            while received := connection.recv(65536):
                connection.sendall(received)

    def accept():
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return "127.0.0.1:%d" % listener.getsockname()[1]


def connect(proxy):
    host, port = proxy.listen.rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=20)


def round_trip(connection, sent=b"ping"):
    """Seconds until all of it is back."""
    began = time.monotonic()
    connection.sendall(sent)
    received = b""
    while len(received) < len(sent):
        more = connection.recv(65536)
        assert more, "the connection ended"
        received += more
    assert received == sent
    return time.monotonic() - began


class Life(unittest.TestCase):
    def setUp(self):
        self.server = Toxiproxy()
        self.server.update_api_consumer(HOST, int(PORT))
        self.server.destroy_all()
        self.proxy = self.server.create(upstream=echo(), name="life")

    def tearDown(self):
        self.server.destroy_all()

    def test_server(self):
        assert self.server.running()
        assert json.loads(self.server.version())["version"] == "2.12.0"
        assert set(self.server.proxies()) == {"life"}
        assert self.server.get_proxy("life").upstream == self.proxy.upstream
        assert self.server.get_proxy("none") is None

    def test_proxies_are_unique_and_go_away(self):
        with self.assertRaises(ProxyExists):
            self.server.create(upstream="127.0.0.1:9", name="life")
        assert self.server.destroy(self.proxy)
        assert self.server.proxies() == {}
        with self.assertRaises(NotFound):
            self.proxy.destroy()

    def test_populate_makes_what_is_missing(self):
        wanted = [
            {"name": "life", "upstream": self.proxy.upstream, "listen": self.proxy.listen},
            {"name": "more", "upstream": self.proxy.upstream, "listen": "127.0.0.1:0"},
        ]
        assert [proxy.name for proxy in self.server.populate(wanted)] == ["more"]
        assert set(self.server.proxies()) == {"life", "more"}

    def test_toxics_come_and_go_on_an_open_connection(self):
        with connect(self.proxy) as connection:
            round_trip(connection)
            self.proxy.add_toxic(type="latency", attributes={"latency": 80, "jitter": 0})
            toxic = self.proxy.get_toxic("latency_downstream")
            assert (toxic.type, toxic.stream, toxic.toxicity) == ("latency", "downstream", 1)
            assert toxic.attributes == {"latency": 80, "jitter": 0}
            assert round_trip(connection) >= 0.08
            with self.assertRaises(ProxyExists):
                self.proxy.add_toxic(type="latency", attributes={"latency": 1})
            assert self.proxy.destroy_toxic("latency_downstream")
            assert min(round_trip(connection) for _ in range(10)) < 0.08

    def test_every_type_is_known_and_others_are_refused(self):
        attributes = {
            "latency": {"latency": 1, "jitter": 1},
            "bandwidth": {"rate": 1000},
            "slow_close": {"delay": 1},
            "timeout": {"timeout": 1},
            "reset_peer": {"timeout": 1},
            "slicer": {"average_size": 10, "size_variation": 1, "delay": 1},
            "limit_data": {"bytes": 1},
        }
        for kind, values in attributes.items():
            self.proxy.add_toxic(type=kind, stream="upstream", toxicity=0.0, attributes=values)
            assert self.proxy.get_toxic(kind + "_upstream").attributes == values
        assert len(self.proxy.toxics()) == len(attributes)
        with connect(self.proxy) as connection:
            round_trip(connection)
        with self.assertRaises(InvalidToxic):
            self.proxy.add_toxic(type="gremlin")
        with self.assertRaises(InvalidToxic):
            self.proxy.add_toxic(type="latency", stream="sideways")
        assert self.server.reset()
        assert self.proxy.toxics() == {}

    def test_down_refuses_and_comes_back_on_the_same_port(self):
        with self.proxy.down():
            with self.assertRaises(ConnectionRefusedError):
                connect(self.proxy)
        with connect(self.proxy) as connection:
            round_trip(connection)
        self.proxy.disable()
        assert not self.server.get_proxy("life").enabled
        assert self.server.reset()
        assert self.server.get_proxy("life").enabled

    def test_bandwidth_and_slices_lose_nothing(self):
        self.proxy.add_toxic(type="bandwidth", stream="upstream", attributes={"rate": 1000})
        self.proxy.add_toxic(type="slicer", attributes={"average_size": 500, "size_variation": 100, "delay": 10})
        with connect(self.proxy) as connection:
            assert round_trip(connection, bytes(range(256)) * 400) >= 0.1

    def test_limit_data_closes_after_exactly_so_many_bytes(self):
        self.proxy.add_toxic(type="limit_data", attributes={"bytes": 3})
        with connect(self.proxy) as connection:
            connection.sendall(b"abcdef")
            received = b""
            while more := connection.recv(64):
                received += more
            assert received == b"abc"


if __name__ == "__main__":
    unittest.main()
