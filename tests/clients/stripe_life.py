"""A payment, a refund, a dispute: their whole lives through Stripe's own client for Python."""

import csv
import io
import json
import time
import unittest
import uuid

import stripe

from providers import Mailbox, admin, until, url

BASE = {"api": url("payment")}


def client(key, **options):
    return stripe.StripeClient(key, base_addresses=BASE, **options).v1


# Each class has an account of its own, so that lists hold what it made and nothing else.
class Account(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.key = "sk_test_" + uuid.uuid4().hex
        cls.api = client(cls.key)

    def pay(self, method="pm_card_visa", amount=1999, **more):
        return self.api.payment_intents.create(
            {"amount": amount, "currency": "usd", "confirm": True, "payment_method": method, **more}
        )

    def refuses(self, kind, call, **expected):
        with self.assertRaises(kind) as raised:
            call()
        for name, value in expected.items():
            self.assertEqual(getattr(raised.exception, name), value, name)
        return raised.exception


class Payments(Account):
    def test_a_card_pays_at_once(self):
        intent = self.pay(metadata={"order": "DB-1"}, expand=["latest_charge.balance_transaction", "payment_method"])
        self.assertEqual((intent.object, intent.status, intent.amount_received), ("payment_intent", "succeeded", 1999))
        charge = intent.latest_charge
        self.assertEqual((charge.paid, charge.captured, charge.disputed, charge.refunded), (True, True, False, False))
        entry = charge.balance_transaction
        self.assertEqual((entry.amount, entry.fee, entry.net, entry.type), (1999, 88, 1911, "charge"))
        self.assertEqual((entry.reporting_category, entry.source), ("charge", charge.id))
        self.assertEqual(sum(fee.amount for fee in entry.fee_details), 88)
        card = intent.payment_method.card
        self.assertEqual((card.brand, card.last4, card.country, card.funding), ("visa", "4242", "US", "credit"))
        self.assertEqual(charge.payment_method_details.card.fingerprint, card.fingerprint)
        self.assertEqual(self.api.balance_transactions.retrieve(entry.id).id, entry.id)

    def test_confirmed_later(self):
        intent = self.api.payment_intents.create({"amount": 500, "currency": "eur"})
        self.assertEqual(intent.status, "requires_payment_method")
        intent = self.api.payment_intents.update(intent.id, {"amount": 700, "metadata": {"a": "b"}})
        intent = self.api.payment_intents.confirm(intent.id, {"payment_method": "pm_card_mastercard"})
        self.assertEqual((intent.status, intent.amount, intent.metadata["a"]), ("succeeded", 700, "b"))

    def test_manual_capture_takes_a_part(self):
        held = self.pay(capture_method="manual", amount=1000)
        self.assertEqual((held.status, held.amount_capturable), ("requires_capture", 1000))
        self.refuses(
            stripe.InvalidRequestError,
            lambda: self.api.payment_intents.capture(held.id, {"amount_to_capture": 1001}),
            http_status=400,
            param="amount_to_capture",
        )
        taken = self.api.payment_intents.capture(held.id, {"amount_to_capture": 600})
        self.assertEqual((taken.status, taken.amount_received), ("succeeded", 600))
        released = self.api.payment_intents.cancel(self.pay(capture_method="manual").id)
        self.assertEqual(released.status, "canceled")
        self.refuses(
            stripe.InvalidRequestError,
            lambda: self.api.payment_intents.capture(released.id),
            code="payment_intent_unexpected_state",
        )

    def test_charges_the_old_way(self):
        token = self.api.tokens.create(
            {"card": {"number": "4242424242424242", "exp_month": 4, "exp_year": 2040, "cvc": "314"}}
        )
        self.assertEqual((token.object, token.card.last4), ("token", "4242"))
        charge = self.api.charges.create({"amount": 800, "currency": "usd", "source": token.id, "capture": False})
        self.assertEqual((charge.captured, charge.payment_intent), (False, None))
        charge = self.api.charges.capture(charge.id, {"amount": 500})
        self.assertEqual((charge.captured, charge.amount_captured), (True, 500))
        self.assertEqual(self.api.charges.create({"amount": 90, "currency": "usd", "source": "tok_visa"}).status, "succeeded")
        changed = self.api.charges.update(charge.id, {"description": "a mug", "metadata": {"shelf": "3"}})
        self.assertEqual((changed.description, changed.metadata["shelf"]), ("a mug", "3"))


class Errors(Account):
    def test_every_class_of_error(self):
        declined = self.refuses(
            stripe.CardError,
            lambda: self.pay("pm_card_chargeDeclinedInsufficientFunds"),
            http_status=402,
            code="card_declined",
        )
        self.assertEqual(declined.error.decline_code, "insufficient_funds")
        self.assertEqual(declined.error.payment_intent.status, "requires_payment_method")
        self.assertTrue(declined.error.charge.startswith("ch_"))
        self.assertTrue(declined.request_id.startswith("req_"))
        self.refuses(
            stripe.InvalidRequestError,
            lambda: self.api.payment_intents.retrieve("pi_none"),
            http_status=404,
            code="resource_missing",
        )
        self.refuses(
            stripe.InvalidRequestError,
            lambda: self.pay("pm_none"),
            http_status=400,
            code="resource_missing",
            param="payment_method",
        )
        self.refuses(
            stripe.InvalidRequestError,
            lambda: self.api.payment_intents.create({"currency": "usd"}),
            code="parameter_missing",
            param="amount",
        )
        self.refuses(
            stripe.AuthenticationError, lambda: client("nonsense").balance.retrieve(), http_status=401
        )
        self.refuses(
            stripe.InvalidRequestError, lambda: self.pay(expand=["latest_charge.nonsense"]), http_status=400
        )

    def test_other_parameters_under_one_key(self):
        options = {"idempotency_key": uuid.uuid4().hex}
        params = {"amount": 100, "currency": "usd", "confirm": True, "payment_method": "pm_card_visa"}
        first = self.api.payment_intents.create(params, options)
        again = self.api.payment_intents.create(params, options)
        self.assertEqual(first.id, again.id)
        self.assertEqual(again.last_response.headers["Idempotent-Replayed"], "true")
        self.assertIsNone(first.last_response.headers.get("Idempotent-Replayed"))
        self.refuses(
            stripe.IdempotencyError,
            lambda: self.api.payment_intents.create({**params, "amount": 101}, options),
            http_status=400,
        )

    def test_limits_and_failures_of_the_provider(self):
        key, run = "sk_test_" + uuid.uuid4().hex, "errors"
        admin("POST", "/admin/accounts", {"key": key, "run": run, "webhook": None})
        rule = {"run": run, "provider": "payment", "seed": 1, "ttl_ms": 60_000}
        api = client(key, max_network_retries=0)

        def refuses(kind, effect, **expected):
            admin("PUT", "/admin/rules/limit", {"id": "limit", "effect": effect, **rule})
            self.refuses(kind, lambda: api.payment_intents.list(), **expected)
            admin("DELETE", "/admin/rules/limit")

        refuses(stripe.RateLimitError, {"respond": {"status": 429}}, http_status=429)
        refuses(stripe.APIError, {"respond": {"status": 500}}, http_status=500)
        refuses(stripe.APIConnectionError, {"drop_before_commit": {"ending": "rst"}})


class Lists(Account):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.made = [
            cls.api.payment_intents.create(
                {
                    "amount": 1000 + n,
                    "currency": "usd",
                    "confirm": True,
                    "payment_method": "pm_card_visa",
                    "metadata": {"order": f"DB-{n}", "parity": "odd" if n % 2 else "even"},
                }
            )
            for n in range(7)
        ]

    def newest_first(self):
        return [intent.id for intent in reversed(self.made)]

    def test_pages_join_to_the_whole(self):
        found = self.api.payment_intents.list({"limit": 3})
        self.assertEqual((found.object, found.has_more, found.url), ("list", True, "/v1/payment_intents"))
        self.assertEqual([intent.id for intent in found.auto_paging_iter()], self.newest_first())
        before = self.api.payment_intents.list({"limit": 2, "ending_before": self.newest_first()[4]})
        self.assertEqual([intent.id for intent in before], self.newest_first()[2:4])
        backwards = self.api.payment_intents.list({"limit": 3, "ending_before": self.newest_first()[-1]})
        self.assertEqual([intent.id for intent in backwards.auto_paging_iter()], self.newest_first()[:-1][::-1])
        charges = list(self.api.charges.list({"limit": 2}).auto_paging_iter())
        self.assertEqual([charge.payment_intent for charge in charges], self.newest_first())

    def test_lists_are_narrowed(self):
        now = int(time.time())
        for name in ["payment_intents", "charges", "balance_transactions", "events"]:
            service = getattr(self.api, name)
            self.assertEqual(len(service.list({"created": {"gt": now + 60}}).data), 0, name)
            self.assertEqual(len(service.list({"created": {"gte": now - 600}, "limit": 3}).data), 3, name)
        kinds = self.api.events.list({"types": ["charge.succeeded"], "limit": 100})
        self.assertEqual({event.type for event in kinds}, {"charge.succeeded"})
        self.assertEqual(len(kinds.data), 7)
        self.assertEqual(len(self.api.events.list({"type": "payment_intent.*", "limit": 100}).data), 14)
        self.assertEqual(len(self.api.events.list({"delivery_success": True, "limit": 100}).data), 21)
        self.assertEqual(self.api.events.retrieve(kinds.data[0].id).data.object.object, "charge")

    def test_bad_pages_are_refused(self):
        listing = self.api.payment_intents.list
        invalid = stripe.InvalidRequestError
        self.refuses(invalid, lambda: listing({"limit": 101}), param="limit")
        self.refuses(invalid, lambda: listing({"limit": 0}), param="limit")
        self.refuses(invalid, lambda: listing({"starting_after": "pi_none"}), param="starting_after", http_status=400)
        self.refuses(invalid, lambda: listing({"expand": ["latest_charge"]}), param="expand")

    def test_search_speaks_the_query_language(self):
        def found(query, **more):
            return [of.id for of in self.api.payment_intents.search({"query": query, "limit": 100, **more})]

        self.assertEqual(found("metadata['order']:'DB-3'"), [self.made[3].id])
        self.assertEqual(found("metadata[\"parity\"]:\"odd\" AND amount>1002"), [self.made[5].id, self.made[3].id])
        self.assertEqual(found("metadata['order']:'DB-1' OR metadata['order']:'DB-2'"), [self.made[2].id, self.made[1].id])
        self.assertEqual(found("-metadata['parity']:'odd' AND status:'succeeded' AND amount<1004"), [self.made[2].id, self.made[0].id])
        self.assertEqual(found("status:'canceled'"), [])
        self.refuses(stripe.InvalidRequestError, lambda: found("order=1"), param="query")
        self.refuses(stripe.InvalidRequestError, lambda: found("colour:'red'"), param="query")
        page = self.api.payment_intents.search({"query": "metadata['parity']~'e'", "limit": 2, "expand": ["total_count"]})
        self.assertEqual((page.object, page.has_more, page.total_count, len(page.data)), ("search_result", True, 4, 2))
        self.assertEqual(len(list(page.auto_paging_iter())), 4)
        charges = self.api.charges.search({"query": "payment_method_details.card.last4:4242 AND amount:1006"})
        self.assertEqual([charge.payment_intent for charge in charges], [self.made[6].id])

    def test_expansion_goes_four_levels_deep(self):
        found = self.api.payment_intents.list({"limit": 1, "expand": ["data.latest_charge.balance_transaction.source"]})
        entry = found.data[0].latest_charge.balance_transaction
        self.assertEqual(entry.source.payment_intent, found.data[0].id)
        charge = self.api.charges.retrieve(entry.source.id, {"expand": ["payment_intent.latest_charge", "refunds"]})
        self.assertEqual(charge.payment_intent.latest_charge.id, charge.id)
        self.assertEqual((charge.refunds.object, charge.refunds.data), ("list", []))


class Refunds(Account):
    def test_partial_refunds_add_up(self):
        intent = self.pay(amount=1000)
        refund = self.api.refunds.create(
            {"payment_intent": intent.id, "amount": 300, "reason": "requested_by_customer", "metadata": {"a": "b"}}
        )
        self.assertEqual((refund.status, refund.reason, refund.charge), ("succeeded", "requested_by_customer", intent.latest_charge))
        error = self.refuses(
            stripe.InvalidRequestError,
            lambda: self.api.refunds.create({"charge": intent.latest_charge, "amount": 701}),
            param="amount",
        )
        self.assertIn("Refund amount ($7.01) is greater than unrefunded amount on charge ($7.00)", error.user_message)
        rest = self.api.refunds.create({"charge": intent.latest_charge}, {"idempotency_key": intent.id})
        self.assertEqual(rest.amount, 700)
        self.refuses(
            stripe.InvalidRequestError,
            lambda: self.api.refunds.create({"payment_intent": intent.id}),
            code="charge_already_refunded",
        )
        listed = self.api.refunds.list({"payment_intent": intent.id, "expand": ["data.balance_transaction"]})
        self.assertEqual([of.balance_transaction.net for of in listed], [-700, -300])
        charge = self.api.charges.retrieve(intent.latest_charge, {"expand": ["refunds"]})
        self.assertEqual((charge.refunded, charge.amount_refunded, len(charge.refunds.data)), (True, 1000, 2))
        self.assertEqual(self.api.refunds.update(refund.id, {"metadata": {"a": "c"}}).metadata["a"], "c")
        self.assertEqual(self.api.refunds.retrieve(refund.id).metadata["a"], "c")
        self.refuses(
            stripe.InvalidRequestError,
            lambda: self.api.refunds.create({"payment_intent": intent.id, "reason": "whim"}),
            param="reason",
        )

    def test_a_refund_of_what_is_only_held_releases_it(self):
        held = self.pay(capture_method="manual")
        self.refuses(
            stripe.InvalidRequestError, lambda: self.api.refunds.create({"payment_intent": held.id, "amount": 5})
        )
        self.assertEqual(self.api.refunds.create({"payment_intent": held.id}).status, "succeeded")
        self.assertEqual(self.api.payment_intents.retrieve(held.id).status, "canceled")
        self.assertTrue(self.api.charges.retrieve(held.latest_charge).refunded)

    def test_a_pending_refund_settles(self):
        intent = self.pay("pm_card_pendingRefund")
        refund = self.api.refunds.create({"payment_intent": intent.id})
        self.assertEqual((refund.status, refund.balance_transaction), ("pending", None))
        settled = until("it settles", lambda: self.settled(refund.id, "succeeded"))
        self.assertIsNotNone(settled.balance_transaction)
        self.refuses(stripe.InvalidRequestError, lambda: self.api.refunds.cancel(refund.id))
        pending = self.api.refunds.create({"payment_intent": self.pay("pm_card_pendingRefund").id})
        self.assertEqual(self.api.refunds.cancel(pending.id).status, "canceled")

    def settled(self, refund, status):
        found = self.api.refunds.retrieve(refund)
        return found if found.status == status else None

    def test_a_refund_comes_back(self):
        intent = self.pay("pm_card_refundFail")
        refund = self.api.refunds.create({"payment_intent": intent.id})
        self.assertEqual(refund.status, "succeeded")
        failed = until("it comes back", lambda: self.settled(refund.id, "failed"))
        self.assertIsNotNone(failed.failure_reason)
        entry = self.api.balance_transactions.retrieve(failed.failure_balance_transaction)
        self.assertEqual((entry.type, entry.amount, entry.source), ("refund_failure", 1999, refund.id))
        self.assertEqual(self.api.charges.retrieve(intent.latest_charge).amount_refunded, 0)
        kinds = {event.type for event in self.api.events.list({"limit": 100})}
        self.assertLessEqual(
            {"refund.created", "charge.refunded", "refund.updated", "charge.refund.updated", "refund.failed"}, kinds
        )


class Disputes(Account):
    def disputed(self, method="pm_card_createDispute"):
        intent = self.pay(method)
        found = until("a dispute is opened", lambda: self.api.disputes.list({"payment_intent": intent.id}).data)
        return intent, found[0]

    def closed(self, dispute, status):
        return until(status, lambda: self.api.disputes.retrieve(dispute).status == status)

    def test_a_dispute_is_won(self):
        intent, dispute = self.disputed()
        self.assertEqual((dispute.status, dispute.reason, dispute.amount), ("needs_response", "fraudulent", 1999))
        self.assertEqual([entry.net for entry in dispute.balance_transactions], [-1999 - 1500])
        charge = self.api.charges.retrieve(intent.latest_charge)
        self.assertTrue(charge.disputed)
        self.refuses(
            stripe.InvalidRequestError,
            lambda: self.api.refunds.create({"payment_intent": intent.id}),
            code="charge_disputed",
        )
        staged = self.api.disputes.update(dispute.id, {"evidence": {"customer_name": "Amy"}, "submit": False})
        self.assertEqual((staged.status, staged.evidence.customer_name), ("needs_response", "Amy"))
        sent = self.api.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}})
        self.assertEqual((sent.status, sent.evidence_details.submission_count), ("under_review", 1))
        self.closed(dispute.id, "won")
        won = self.api.disputes.retrieve(dispute.id, {"expand": ["charge"]})
        self.assertEqual([entry.reporting_category for entry in won.balance_transactions], ["dispute", "dispute_reversal"])
        self.assertEqual(won.charge.id, charge.id)

    def test_a_dispute_is_lost(self):
        _, dispute = self.disputed("pm_card_createDisputeProductNotReceived")
        self.assertEqual(dispute.reason, "product_not_received")
        self.api.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "losing_evidence"}, "submit": True})
        self.closed(dispute.id, "lost")
        _, dispute = self.disputed()
        self.assertEqual(self.api.disputes.close(dispute.id).status, "lost")
        self.refuses(stripe.InvalidRequestError, lambda: self.api.disputes.close(dispute.id))
        self.refuses(
            stripe.InvalidRequestError,
            lambda: self.api.disputes.update(dispute.id, {"evidence": {"excuse": "none"}}),
            code="parameter_unknown",
        )
        kinds = {event.type.removeprefix("charge.dispute.") for event in self.api.events.list({"limit": 100})}
        self.assertLessEqual({"created", "updated", "closed", "funds_withdrawn", "funds_reinstated"} - kinds, {"funds_reinstated"})

    def test_an_inquiry_moves_no_money(self):
        _, dispute = self.disputed("pm_card_createDisputeInquiry")
        self.assertEqual((dispute.status, dispute.balance_transactions), ("warning_needs_response", []))
        self.assertTrue(dispute.is_charge_refundable)
        self.api.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}})
        self.closed(dispute.id, "warning_closed")


class Customers(Account):
    def test_a_customer_keeps_methods(self):
        customer = self.api.customers.create({"email": "amy@shop.example", "name": "Amy", "metadata": {"tier": "gold"}})
        card = self.api.payment_methods.create(
            {
                "type": "card",
                "card": {"number": "5555555555554444", "exp_month": 4, "exp_year": 2040, "cvc": "314"},
                "billing_details": {"address": {"postal_code": "10115", "country": "DE"}},
            }
        )
        attached = self.api.payment_methods.attach(card.id, {"customer": customer.id})
        self.assertEqual(attached.customer, customer.id)
        second = self.api.payment_methods.attach("pm_card_visa", {"customer": customer.id})
        listed = self.api.payment_methods.list({"customer": customer.id, "type": "card"})
        self.assertEqual([method.id for method in listed], [second.id, card.id])
        self.assertEqual(len(self.api.customers.payment_methods.list(customer.id, {"limit": 1}).data), 1)
        customer = self.api.customers.update(
            customer.id,
            {"invoice_settings": {"default_payment_method": card.id}, "expand": ["invoice_settings.default_payment_method"]},
        )
        self.assertEqual(customer.invoice_settings.default_payment_method.card.brand, "mastercard")
        intent = self.pay(card.id, customer=customer.id, expand=["customer.invoice_settings.default_payment_method"])
        self.assertEqual(intent.customer.invoice_settings.default_payment_method.id, card.id)
        changed = self.api.payment_methods.update(card.id, {"card": {"exp_year": 2041}})
        self.assertEqual(changed.card.exp_year, 2041)
        self.assertIsNone(self.api.payment_methods.detach(card.id).customer)
        self.assertIsNone(self.api.customers.retrieve(customer.id).invoice_settings.default_payment_method)
        self.refuses(stripe.InvalidRequestError, lambda: self.api.payment_methods.detach(card.id))
        self.refuses(
            stripe.CardError,
            lambda: self.api.payment_methods.attach("pm_card_chargeDeclined", {"customer": customer.id}),
        )
        self.assertEqual([of.id for of in self.api.customers.list({"email": "amy@shop.example"})], [customer.id])
        self.assertEqual([of.id for of in self.api.customers.search({"query": "name~'am' AND metadata['tier']:'gold'"})], [customer.id])
        self.assertTrue(self.api.customers.delete(customer.id).deleted)
        self.assertTrue(self.api.customers.retrieve(customer.id).deleted)
        self.assertEqual(self.api.customers.list().data, [])

    def test_test_tokens_are_what_they_are_called(self):
        for token, brand, country, funding in [
            ("pm_card_de", "visa", "DE", "credit"),
            ("pm_card_visa_debit", "visa", "US", "debit"),
            ("pm_card_amex", "amex", "US", "credit"),
            ("pm_card_mastercard_prepaid", "mastercard", "US", "prepaid"),
        ]:
            method = self.api.payment_methods.retrieve(token)
            self.assertEqual((method.card.brand, method.card.country, method.card.funding), (brand, country, funding))

    def test_the_account_and_its_domains(self):
        self.assertEqual(self.api.accounts.retrieve_current().object, "account")
        self.pay()
        balance = self.api.balance.retrieve()
        self.assertEqual((balance.pending[0].currency, balance.pending[0].amount > 0), ("usd", True))
        domain = self.api.payment_method_domains.create({"domain_name": "shop.example"})
        self.assertTrue(domain.enabled)
        self.assertFalse(self.api.payment_method_domains.update(domain.id, {"enabled": False}).enabled)
        self.assertEqual(len(self.api.payment_method_domains.list().data), 1)
        pay = self.api.apple_pay_domains.create({"domain_name": "shop.example"})
        self.assertTrue(self.api.apple_pay_domains.delete(pay.id).deleted)
        self.assertEqual(self.api.apple_pay_domains.list().data, [])


class Webhooks(Account):
    def test_events_are_signed_and_endpoints_obeyed(self):
        mailbox = Mailbox()
        self.addCleanup(mailbox.close)
        endpoint = self.api.webhook_endpoints.create(
            {"url": mailbox.url, "enabled_events": ["payment_intent.succeeded"], "metadata": {"a": "b"}}
        )
        self.assertTrue(endpoint.secret.startswith("whsec_"))
        self.assertNotIn("secret", self.api.webhook_endpoints.retrieve(endpoint.id))
        intent = self.pay(metadata={"order": "DB-9"})
        until("a webhook arrives", lambda: mailbox.received)
        headers, body = mailbox.received[0]
        event = stripe.Webhook.construct_event(body, headers["Stripe-Signature"], endpoint.secret)
        self.assertEqual((event.type, event.data.object.id), ("payment_intent.succeeded", intent.id))
        self.assertEqual(event.data.object.metadata["order"], "DB-9")
        with self.assertRaises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body, headers["Stripe-Signature"], "whsec_wrong")
        self.assertEqual(json.loads(body)["data"], self.api.events.retrieve(event.id).to_dict()["data"])
        changed = self.api.webhook_endpoints.update(endpoint.id, {"disabled": True, "enabled_events": ["*"]})
        self.assertEqual((changed.status, changed.enabled_events), ("disabled", ["*"]))
        self.pay()
        self.api.webhook_endpoints.update(endpoint.id, {"disabled": False})
        self.pay(amount=700)
        until("the later payment is told", lambda: any(b'"amount": 700,' in body or b'"amount":700,' in body for _, body in mailbox.received))
        amounts = {json.loads(body)["data"]["object"]["amount"] for _, body in mailbox.received[1:]}
        self.assertEqual(amounts, {700})
        self.assertEqual([of.id for of in self.api.webhook_endpoints.list()], [endpoint.id])
        self.assertTrue(self.api.webhook_endpoints.delete(endpoint.id).deleted)


class Settlement(unittest.TestCase):
    def test_finance_receives_every_movement(self):
        key, run = "sk_test_" + uuid.uuid4().hex, "settled"
        admin("POST", "/admin/accounts", {"key": key, "run": run, "webhook": None})
        api = client(key)
        params = {"currency": "usd", "confirm": True, "payment_method": "pm_card_visa"}
        intent = api.payment_intents.create({"amount": 1999, "metadata": {"order": "DB-5"}, **params})
        api.refunds.create({"payment_intent": intent.id, "amount": 500})
        api.payment_intents.create({"amount": 500, **params, "currency": "jpy"})
        _, text = admin("GET", f"/admin/settlement?provider=payment&run={run}")
        rows = list(csv.DictReader(io.StringIO(text)))
        told = [(row["reporting_category"], row["gross"], row["fee"], row["net"], row["currency"]) for row in rows]
        self.assertEqual(
            told,
            [
                ("charge", "19.99", "0.88", "19.11", "usd"),
                ("refund", "-5.00", "0.00", "-5.00", "usd"),
                ("charge", "500", "45", "455", "jpy"),
            ],
        )
        self.assertEqual({row["payment_intent_id"] for row in rows[:2]}, {intent.id})
        self.assertEqual(rows[0]["payment_metadata[order]"], "DB-5")


if __name__ == "__main__":
    unittest.main()
