"""Where the providers under test listen, what they deliver by webhook, and how to wait for something."""

import faulthandler
import http.server
import json
import os
import threading
import time
import urllib.request

DEADLINE_S = 20

# A suite that hangs says where, and ends.
faulthandler.dump_traceback_later(180, exit=True)

READY = json.loads(os.environ["DOORBUSTER_PROVIDERS"])


def url(provider):
    """The base address of a provider: payment, backup_payment, tax, fraud, shipping, warehouse, admin."""
    return "http://" + READY[provider]


def admin(method, path, body=None):
    """A call to the admin interface: status and text."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url("admin") + path, data=data, method=method)
    with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
        return answer.status, answer.read().decode()


def until(what, check):
    """What `check` returns, once it is something."""
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        found = check()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"it never came to: {what}")


class Mailbox:
    """A webhook endpoint on a free port: keeps headers and body of all that it is sent."""

    def __init__(self, answer=b"{}"):
        received = self.received = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                received.append((self.headers, body))
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
