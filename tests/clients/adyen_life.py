"""A payment's whole life through Adyen's own client for Python."""

import base64
import json
import unittest
import urllib.error
import urllib.parse
import urllib.request
import uuid

import Adyen
from Adyen.exceptions import (
    AdyenAPIAuthenticationError,
    AdyenAPICommunicationError,
    AdyenAPIInvalidPermission,
    AdyenAPIUnprocessableEntity,
    AdyenAPIValidationError,
)
from Adyen.util import is_valid_hmac_notification

from providers import Mailbox, admin, until, url

KEY = "AQE_test_life"
MERCHANT = "DoorbusterECOM"
HMAC_KEY = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"


def client(key=KEY):
    adyen = Adyen.Adyen(xapikey=key, platform="test")
    checkout = adyen.checkout
    for api in (checkout.payments_api, checkout.modifications_api, checkout.recurring_api):
        api.baseUrl = url("backup_payment") + "/v72"
    return checkout


def request(reference, value=1000, number="4111111111111111", **more):
    return {
        "amount": {"currency": "EUR", "value": value},
        "merchantAccount": MERCHANT,
        "reference": reference,
        "paymentMethod": {
            "type": "scheme",
            "number": number,
            "expiryMonth": "03",
            "expiryYear": "2030",
            "cvc": "737",
            "holderName": "John Smith",
        },
        "returnUrl": "http://127.0.0.1:1/return",
    } | more


def changing(reference, value=None):
    body = {"merchantAccount": MERCHANT, "reference": reference}
    return body if value is None else body | {"amount": {"currency": "EUR", "value": value}}


class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments):
        return None


def complete(page):
    """What the holder's browser brings back when the holder agrees."""
    opener = urllib.request.build_opener(NoRedirects)
    try:
        opener.open(page, data=b"outcome=complete")
    except urllib.error.HTTPError as answer:
        query = urllib.parse.urlsplit(answer.headers["Location"]).query
        return urllib.parse.parse_qs(query)["redirectResult"][0]
    raise AssertionError("the page did not send the browser back")


class Life(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mailbox = Mailbox(answer=b"[accepted]")
        cls.addClassCleanup(cls.mailbox.close)
        lease = {
            "provider": "backup_payment",
            "key": KEY,
            "merchant_account": MERCHANT,
            "run": "life",
            "capture": "manual",
            "webhook": {"url": cls.mailbox.url, "secret": HMAC_KEY},
        }
        assert admin("POST", "/admin/accounts", lease)[0] == 201
        cls.checkout = client()

    def told(self, psp, event):
        """The notification of what happened to a reference; its signature holds."""

        def find():
            for _, body in self.mailbox.received:
                notification = json.loads(body)
                item = notification["notificationItems"][0]["NotificationRequestItem"]
                if item["pspReference"] == psp and item["eventCode"] == event:
                    return notification

        notification = until(f"{event} of {psp}", find)
        self.assertTrue(is_valid_hmac_notification(notification, HMAC_KEY))
        item = notification["notificationItems"][0]["NotificationRequestItem"]
        item["amount"]["value"] += 1
        self.assertFalse(is_valid_hmac_notification(notification, HMAC_KEY))
        return item

    def authorise(self, reference, **more):
        result = self.checkout.payments_api.payments(request(reference, **more))
        self.assertEqual((result.status_code, result.message["resultCode"]), (200, "Authorised"))
        self.assertEqual(result.psp, result.message["pspReference"])
        return result.psp

    def test_authorised_captured_refunded(self):
        psp = self.authorise("life-1")
        self.assertEqual(self.told(psp, "AUTHORISATION")["success"], "true")
        changes = self.checkout.modifications_api
        capture = changes.capture_authorised_payment(changing("c-1", 600), psp)
        self.assertEqual((capture.status_code, capture.message["status"]), (201, "received"))
        told = self.told(capture.psp, "CAPTURE")
        self.assertEqual((told["originalReference"], told["success"]), (psp, "true"))
        over = changes.capture_authorised_payment(changing("c-2", 500), psp)
        self.assertEqual(self.told(over.psp, "CAPTURE")["success"], "false")
        refund = changes.refund_captured_payment(changing("r-1", 600), psp)
        self.assertEqual(self.told(refund.psp, "REFUND")["success"], "true")
        again = changes.refund_captured_payment(changing("r-2", 1), psp)
        self.assertEqual(self.told(again.psp, "REFUND")["reason"], "Insufficient balance on payment")

    def test_cancelled(self):
        psp = self.authorise("life-2")
        changes = self.checkout.modifications_api
        cancel = changes.cancel_authorised_payment_by_psp_reference(changing("v-1"), psp)
        self.assertEqual(self.told(cancel.psp, "CANCELLATION")["success"], "true")
        reference = str(uuid.uuid4())
        psp = self.authorise(reference)
        cancel = changes.cancel_authorised_payment(changing("v-2") | {"paymentReference": reference})
        self.assertEqual(self.told(cancel.psp, "TECHNICAL_CANCEL")["originalReference"], psp)
        psp = self.authorise("life-3")
        reversal = changes.refund_or_cancel_payment(changing("v-3"), psp)
        told = self.told(reversal.psp, "CANCEL_OR_REFUND")
        self.assertEqual(told["additionalData"]["modification.action"], "cancel")

    def test_the_holder_is_asked_on_a_page(self):
        asked = self.checkout.payments_api.payments(request("life-4", number="4917610000000000"))
        self.assertEqual(asked.message["resultCode"], "RedirectShopper")
        result = complete(asked.message["action"]["url"])
        told = self.checkout.payments_api.payments_details({"details": {"redirectResult": result}})
        self.assertEqual(told.message["resultCode"], "Authorised")
        self.assertEqual(self.told(told.psp, "AUTHORISATION")["success"], "true")

    def test_the_holder_is_asked_by_the_shop(self):
        native = {"threeDSRequestData": {"nativeThreeDS": "preferred"}}
        body = request("life-5", number="5201281505129736", channel="Web", authenticationData=native)
        action = self.checkout.payments_api.payments(body).message["action"]

        def reply(**told):
            text = json.dumps(told | {"authorisationToken": action["authorisationToken"]})
            details = {"threeDSResult": base64.b64encode(text.encode()).decode()}
            return self.checkout.payments_api.payments_details({"details": details}).message["resultCode"]

        self.assertEqual(reply(threeDSCompInd="Y"), "ChallengeShopper")
        self.assertEqual(reply(transStatus="Y"), "Authorised")

    def test_a_refusal_is_an_answer(self):
        body = request("life-6")
        body["paymentMethod"]["holderName"] = "NOT_ENOUGH_BALANCE"
        refused = self.checkout.payments_api.payments(body)
        self.assertEqual((refused.status_code, refused.message["resultCode"]), (200, "Refused"))
        self.assertEqual(refused.message["refusalReasonCode"], "12")
        told = self.told(refused.psp, "AUTHORISATION")
        self.assertEqual((told["success"], told["reason"]), ("false", "Not enough balance"))

    def test_a_key_is_answered_once(self):
        key = str(uuid.uuid4())
        first = self.checkout.payments_api.payments(request("life-7"), idempotency_key=key)
        again = self.checkout.payments_api.payments(request("life-7"), idempotency_key=key)
        self.assertEqual((first.psp, first.message), (again.psp, again.message))

    def test_errors_have_their_classes(self):
        api = self.checkout.payments_api
        with self.assertRaises(AdyenAPIUnprocessableEntity) as caught:
            api.payments(request("life-8", number="4111111111111112"))
        self.assertEqual(caught.exception.error_code, "101")
        with self.assertRaises(AdyenAPIInvalidPermission) as caught:
            api.payments(request("life-8", merchantAccount="OtherECOM"))
        self.assertEqual(caught.exception.error_code, "901")
        with self.assertRaises(AdyenAPIAuthenticationError):
            client("AQE_live_key").payments_api.payments(request("life-8"))
        with self.assertRaises(AdyenAPIValidationError) as caught:
            api.payments(request("life-8", amount="ten"))
        self.assertEqual(caught.exception.error_code, "702")
        with self.assertRaises(AdyenAPICommunicationError):
            api.client.call_adyen_api({"a": "b"}, "checkout", "POST", api.baseUrl + "/nothing")

    def test_ways_to_pay_and_kept_cards(self):
        shopper = str(uuid.uuid4())
        api = self.checkout.payments_api
        paid = api.payments(request("life-9", shopperReference=shopper, storePaymentMethod=True))
        kept = paid.message["additionalData"]["tokenization.storedPaymentMethodId"]
        methods = api.payment_methods({"merchantAccount": MERCHANT, "shopperReference": shopper}).message
        self.assertEqual(methods["paymentMethods"][0]["type"], "scheme")
        self.assertEqual([stored["id"] for stored in methods["storedPaymentMethods"]], [kept])
        query = {"merchantAccount": MERCHANT, "shopperReference": shopper}
        listed = self.checkout.recurring_api.get_tokens_for_stored_payment_details(query_parameters=query)
        self.assertEqual(listed.message["storedPaymentMethods"][0]["lastFour"], "1111")
        means = {"type": "scheme", "storedPaymentMethodId": kept}
        more = {"paymentMethod": means, "shopperReference": shopper, "shopperInteraction": "ContAuth"}
        self.authorise("life-10", **more)

    def test_a_session(self):
        api = self.checkout.payments_api
        opened = api.sessions(request("life-11"))
        self.assertEqual(opened.status_code, 201)
        session = opened.message
        self.assertEqual(api.get_result_of_payment_session(session["id"]).message["status"], "active")
        body = {"sessionData": session["sessionData"], "paymentMethod": request("")["paymentMethod"]}
        path = f"/checkoutshopper/v1/sessions/{session['id']}/payments?clientKey={KEY}"
        browser = urllib.request.Request(url("backup_payment") + path, data=json.dumps(body).encode())
        with urllib.request.urlopen(browser) as answer:
            self.assertEqual(json.load(answer)["resultCode"], "Authorised")
        self.assertEqual(api.get_result_of_payment_session(session["id"]).message["status"], "completed")


if __name__ == "__main__":
    unittest.main()
