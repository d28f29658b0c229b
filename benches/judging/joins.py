"""The joins of the main laws in DuckDB, over the rows of a run file: prints the seconds that loading and joining took.

The rows are taken out of SQLite first, and that is not timed.
"""

import csv
import os
import sqlite3
import sys
import tempfile
import time

import duckdb

TABLES = {
    "statement": "SELECT id, provider, op, object, parent, state, amount_minor, currency, intent, order_number, fault, answer"
    " FROM statement",
    "orders": "SELECT seq, number, state, total_minor, paid_minor, payment, intent FROM shop_order",
    "purchase": "SELECT intent, arrival, outcome, shown_total_minor, order_number FROM purchase",
}

JOINS = {
    "charged twice": """
        SELECT count(*) FROM (
            SELECT p.intent, count(*) AS captures, sum(s.amount_minor) AS captured, max(o.total_minor) AS owed
            FROM purchase p JOIN statement s ON s.intent = p.intent AND s.op = 'capture' AND s.state = 'succeeded'
            LEFT JOIN orders o ON o.intent = p.intent
            GROUP BY p.intent) WHERE captures >= 2 AND captured > owed""",
    "two orders": """
        SELECT count(*) FROM (
            SELECT p.intent FROM purchase p JOIN orders o ON o.intent = p.intent AND o.state NOT IN ('failed', 'cancelled')
            GROUP BY p.intent HAVING count(*) >= 2)""",
    "charge without an order": """
        SELECT count(*) FROM statement s
        WHERE s.op = 'capture' AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.intent = s.intent AND o.state NOT IN ('failed', 'cancelled'))""",
    "charge and total": """
        SELECT count(*) FROM (
            SELECT o.seq, o.total_minor, sum(s.amount_minor) AS captured
            FROM orders o JOIN statement s ON s.order_number = o.number AND s.op = 'capture' AND s.state = 'succeeded'
            GROUP BY o.seq, o.total_minor) WHERE captured <> total_minor""",
    "sent once": """
        SELECT count(*) FROM (
            SELECT o.seq, count(DISTINCT s.object) AS sent
            FROM orders o LEFT JOIN statement s ON s.order_number = o.number AND s.op = 'dispatch'
            WHERE o.state IN ('paid', 'fulfilled') GROUP BY o.seq) WHERE sent <> 1""",
}


def main() -> None:
    run = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
    with tempfile.TemporaryDirectory() as directory:
        for table, query in TABLES.items():
            with open(os.path.join(directory, f"{table}.csv"), "w", newline="") as file:
                rows = run.execute(query)
                writer = csv.writer(file)
                writer.writerow([column[0] for column in rows.description])
                writer.writerows(rows)
        began = time.perf_counter()
        duck = duckdb.connect()
        duck.execute("SET threads = 2")
        for table in TABLES:
            duck.execute(f"CREATE TABLE {table} AS FROM read_csv('{directory}/{table}.csv', header = true)")
        for name, query in JOINS.items():
            (broken,) = duck.execute(query).fetchone()
            if broken:
                sys.exit(f"{name}: {broken} of an honest run")
        print(time.perf_counter() - began)


main()
