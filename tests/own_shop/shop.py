"""A tiny shop that has never heard of Doorbuster: forms, cookies, a page a step, and a payment client on Stripe's wire.

    python3 shop.py --port 8080 --payment http://127.0.0.1:9000 --orders orders.csv [--charge-twice-every N]

It keeps its orders in memory and rewrites a CSV file when asked at /export. Standard library only.
"""

import argparse
import csv
import html
import http.client
import itertools
import json
import secrets
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PRICES = {"mug": 1250, "poster": 1999, "lamp": 4990}


class Payments:
    """Charges a card; repeats with the same key until the answer is known."""

    def __init__(self, url, secret_key):
        self.address = urllib.parse.urlsplit(url)
        self.secret_key = secret_key

    def charge(self, amount, email, order, card, key):
        body = urllib.parse.urlencode({
            "amount": amount, "currency": "eur", "confirm": "true", "payment_method": card,
            "receipt_email": email, "metadata[order_id]": order,
        })
        headers = {
            "Authorization": "Bearer " + self.secret_key, "Idempotency-Key": key,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        for _ in range(6):
            connection = http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=3)
            try:
                connection.request("POST", "/v1/payment_intents", body, headers)
                answer = connection.getresponse()
                content = json.loads(answer.read())
                if answer.status < 500 and answer.status != 409:
                    return answer.status, content
            except (OSError, http.client.HTTPException, ValueError):
                continue
            finally:
                connection.close()
        return None, None


class Shop:
    """Baskets and orders."""

    def __init__(self, payments, charge_twice_every):
        self.payments = payments
        self.charge_twice_every = charge_twice_every
        self.lock = threading.Lock()
        self.numbers = itertools.count(1)
        self.baskets = {}
        self.orders = {}

    def order(self, session, email, card):
        with self.lock:
            basket = self.baskets.get(session)
            if basket is None:
                return None
            if basket["order"] is None:
                number = next(self.numbers)
                basket["order"] = f"A-{number:05d}"
                self.orders[basket["order"]] = {
                    "customer": email, "amount": basket["amount"], "status": "new", "payment": "", "nth": number,
                }
            name = basket["order"]
            order = self.orders[name]
            if order["status"] != "new":
                return name
            order["status"] = "paying"
        status, content = self.payments.charge(order["amount"], email, name, card, f"order-{name}")
        twice = self.charge_twice_every and order["nth"] % self.charge_twice_every == 0
        if twice:
            self.payments.charge(order["amount"], email, name, card, f"again-{name}")
        with self.lock:
            if status == 200 and content["status"] == "succeeded":
                order.update(status="done", payment=content["id"])
            elif status is None:
                order["status"] = "unclear"
            else:
                order["status"] = "refused"
        return name

    def export(self, path):
        with self.lock, open(path, "w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(["id", "customer", "amount", "currency", "status", "payment"])
            for name, order in self.orders.items():
                amount = f"{order['amount'] // 100}.{order['amount'] % 100:02d}"
                rows.writerow([name, order["customer"], amount, "EUR", order["status"], order["payment"]])


def handler(shop, orders_path):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def page(self, status, text, headers=()):
            body = f"<!doctype html><title>A tiny shop</title>{text}".encode()
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def cookie(self):
            for part in self.headers.get("Cookie", "").split(";"):
                name, _, value = part.strip().partition("=")
                if name == "session":
                    return value
            return None

        def form(self):
            length = int(self.headers.get("Content-Length", 0))
            return dict(urllib.parse.parse_qsl(self.rfile.read(length).decode()))

        def do_GET(self):
            if self.path == "/":
                session = secrets.token_hex(8)
                token = html.escape(f"t&{session}")
                shelf = "".join(f'<li data-item="{name}" data-price="{price}">{name}</li>' for name, price in PRICES.items())
                self.page(200, f'<ul>{shelf}</ul><input name="token" value="{token}">', [("Set-Cookie", f"session={session}; Path=/")])
            elif self.path == "/basket":
                basket = shop.baskets.get(self.cookie())
                self.page(200 if basket else 404, f"<b id=total>{basket['amount'] if basket else 0}</b>")
            elif self.path.startswith("/orders/"):
                order = shop.orders.get(self.path.removeprefix("/orders/"))
                words = {"done": "Thank you!", "refused": "Your card was refused.", "unclear": "We are checking your payment."}
                self.page(200 if order else 404, words.get(order["status"], "One moment.") if order else "No such order.")
            elif self.path == "/export":
                shop.export(orders_path)
                self.page(200, "written")
            else:
                self.page(404, "Nothing here.")

        def do_POST(self):
            form, session = self.form(), self.cookie()
            if session is None or form.get("token") != f"t&{session}":
                return self.page(403, "Your session has ended.")
            if self.path == "/basket":
                amount = PRICES[form["item"]] * int(form["quantity"])
                with shop.lock:
                    shop.baskets[session] = {"amount": amount, "order": None}
                return self.page(303, "", [("Location", "/basket")])
            if self.path == "/pay":
                name = shop.order(session, form["email"], form["card"])
                return self.page(303, "", [("Location", f"/orders/{name}")]) if name else self.page(404, "Your basket is empty.")
            return self.page(404, "Nothing here.")

    return Handler


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--payment", required=True)
    parser.add_argument("--orders", required=True)
    parser.add_argument("--secret-key", default="sk_test_tiny")
    parser.add_argument("--charge-twice-every", type=int, default=0)
    arguments = parser.parse_args()
    shop = Shop(Payments(arguments.payment, arguments.secret_key), arguments.charge_twice_every)
    server = ThreadingHTTPServer(("127.0.0.1", arguments.port), handler(shop, arguments.orders))
    server.daemon_threads = True
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
