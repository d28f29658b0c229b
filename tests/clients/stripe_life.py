"""A payment's whole life through Stripe's own client for Python."""

import unittest

import stripe

from providers import url

CLIENT = stripe.StripeClient("sk_test_life", base_addresses={"api": url("payment")}, max_network_retries=2)


class Payments(unittest.TestCase):
    def test_a_card_pays(self):
        intent = CLIENT.v1.payment_intents.create(
            {"amount": 1999, "currency": "usd", "confirm": True, "payment_method": "pm_card_visa"}
        )
        self.assertEqual(intent.status, "succeeded")
        self.assertEqual(CLIENT.v1.payment_intents.retrieve(intent.id).amount_received, 1999)


if __name__ == "__main__":
    unittest.main()
