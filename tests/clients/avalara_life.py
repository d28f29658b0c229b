"""A quote, an invoice, an adjustment, a refund: their whole lives through Avalara's own client for Python."""

import unittest
import uuid

from avalara import AvataxClient

from providers import admin, url

COMPANY = "DEFAULT"


def client(user="2000000000", key="a licence key"):
    made = AvataxClient("doorbuster", "1.0", "here", url("tax"))
    return made.add_credentials(user, key) if key else made


def order(code=None, kind="SalesInvoice", city="New York", region="NY", **more):
    return {
        "type": kind,
        "code": code or "c" + uuid.uuid4().hex,
        "companyCode": COMPANY,
        "date": "2025-11-28",
        "customerCode": "ada@example.test",
        "addresses": {
            "shipFrom": {"line1": "1 Dock", "city": "Irvine", "region": "CA", "postalCode": "92614", "country": "US"},
            "shipTo": {"line1": "1 Road", "city": city, "region": region, "country": "US"},
        },
        "lines": [{"number": "1", "quantity": 1, "amount": 100, "taxCode": "P0000000", "itemCode": "A"}],
        **more,
    }


class Case(unittest.TestCase):
    def setUp(self):
        self.api = client()

    def good(self, answer, status=200):
        self.assertEqual(answer.status_code, status, answer.text)
        self.assertIn("x-correlation-id", answer.headers)
        return answer.json()

    def bad(self, answer, status, code):
        self.assertEqual(answer.status_code, status, answer.text)
        error = answer.json()["error"]
        self.assertEqual((error["code"], error["details"][0]["code"]), (code, code))
        self.assertEqual(set(error["details"][0]) - {"refersTo"}, {
            "code", "number", "message", "description", "faultCode", "helpLink", "severity"})


class Service(Case):
    def test_it_says_who_asks(self):
        self.assertTrue(self.good(self.api.ping())["authenticated"])
        self.assertFalse(client(key=None).ping().json()["authenticated"])
        self.bad(client(key=None).create_transaction(order()), 401, "AuthenticationException")

    def test_the_company_is_listed(self):
        companies = self.good(self.api.query_companies())
        self.assertEqual(companies["value"][0]["companyCode"], COMPANY)


class Transactions(Case):
    def test_a_quote_is_not_kept(self):
        quote = self.good(self.api.create_transaction(order(kind="SalesOrder")), 201)
        self.assertEqual((quote["status"], quote["totalTax"], quote["totalAmount"]), ("Temporary", 8.88, 100))
        names = [part["jurisType"] for part in quote["summary"]]
        self.assertEqual(names, ["State", "City", "Special"])
        self.bad(self.api.get_transaction_by_code(COMPANY, quote["code"]), 404, "EntityNotFoundError")

    def test_an_invoice_lives_and_dies(self):
        made = self.good(self.api.create_transaction(order()), 201)
        code = made["code"]
        self.assertEqual(made["status"], "Saved")
        settled = self.good(self.api.settle_transaction(COMPANY, code, {"verify": {"verifyTotalTax": 8.88}}))
        self.assertEqual(settled["status"], "Posted")
        renamed = self.good(self.api.change_transaction_code(COMPANY, code, {"newCode": code[:20]}))
        code = renamed["code"]
        self.assertEqual(self.good(self.api.commit_transaction(COMPANY, code, {"commit": True}))["status"], "Committed")
        self.bad(self.api.create_transaction(order(code)), 400, "DocumentCodeConflict")
        locked = self.good(self.api.lock_transaction(COMPANY, code, {"isLocked": True}))
        self.assertTrue(locked["locked"])
        self.bad(self.api.void_transaction(COMPANY, code, {"code": "DocVoided"}), 400, "CannotModifyLockedTransaction")
        self.api.lock_transaction(COMPANY, code, {"isLocked": False})
        self.assertEqual(self.good(self.api.void_transaction(COMPANY, code, {"code": "DocVoided"}))["status"], "Cancelled")
        self.assertEqual(self.good(self.api.unvoid_transaction(COMPANY, code))["status"], "Committed")

    def test_an_adjustment_and_a_refund(self):
        code = self.good(self.api.create_transaction(order(commit=True)), 201)["code"]
        lines = [{"number": "1", "amount": 50}]
        change = {"adjustmentReason": "PriceAdjusted", "newTransaction": order(code, commit=True, lines=lines)}
        adjusted = self.good(self.api.adjust_transaction(COMPANY, code, change))
        self.assertEqual((adjusted["version"], adjusted["totalTax"]), (2, 4.44))
        again = {"createTransactionModel": order(code, commit=True)}
        self.assertEqual(self.good(self.api.create_or_adjust_transaction(again), 201)["version"], 3)
        refund = {"refundTransactionCode": code[:30] + "-r", "refundType": "Full"}
        back = self.good(self.api.refund_transaction(COMPANY, code, refund), 201)
        self.assertEqual((back["type"], back["totalTax"]), ("ReturnInvoice", -8.88))

    def test_parts_are_included_when_asked_for(self):
        code = self.good(self.api.create_transaction(order(commit=True)), 201)["code"]
        self.assertNotIn("lines", self.good(self.api.get_transaction_by_code(COMPANY, code)))
        whole = self.good(self.api.get_transaction_by_code(COMPANY, code, {"$include": "Lines,Details,Summary"}))
        self.assertEqual(len(whole["lines"][0]["details"]), 3)
        by_type = self.good(self.api.get_transaction_by_code_and_type(COMPANY, code, "SalesInvoice"))
        self.assertEqual(by_type["id"], whole["id"])
        self.assertEqual(self.good(self.api.get_transaction_by_id(whole["id"]))["code"], code)
        listed = self.api.list_transactions_by_company(COMPANY, {"$filter": f"code eq '{code}'", "$top": 5})
        self.assertEqual(self.good(listed)["@recordsetCount"], 1)

    def test_what_cannot_be_taxed_is_refused(self):
        self.bad(self.api.create_transaction(order(lines=[])), 400, "ValueRequiredError")
        self.bad(self.api.create_transaction(order(region="ZZ")), 400, "GetTaxError")
        self.bad(self.api.create_transaction(order(addresses={})), 400, "ValueRequiredError")

    def test_overrides_exemptions_and_included_tax(self):
        override = {"type": "TaxAmount", "taxAmount": 5, "reason": "outage"}
        made = self.good(self.api.create_transaction(order(taxOverride=override)), 201)
        self.assertEqual((made["totalTax"], made["totalTaxCalculated"]), (5, 8.88))
        exempt = self.good(self.api.create_transaction(order(exemptionNo="12-345")), 201)
        self.assertEqual((exempt["totalTax"], exempt["totalExempt"]), (0, 100))
        lines = [{"number": "1", "amount": 108.875, "taxIncluded": True}]
        included = self.good(self.api.create_transaction(order(lines=lines)), 201)
        self.assertEqual((included["totalAmount"], included["totalTax"]), (100, 8.88))


class Places(Case):
    def test_an_address_is_resolved(self):
        address = {"line1": "2000 Main Street", "city": "Irvine", "region": "CA", "country": "US", "postalCode": "92614"}
        for answer in (self.api.resolve_address_post(address), self.api.resolve_address(address)):
            self.assertEqual(self.good(answer)["validatedAddresses"][0]["city"], "IRVINE")

    def test_rates_of_a_place_and_a_change(self):
        address = {"line1": "1 Road", "city": "Portland", "region": "OR", "postalCode": "97201", "country": "US"}
        self.assertEqual(self.good(self.api.tax_rates_by_address(address))["totalRate"], 0)
        by_code = self.api.tax_rates_by_postal_code({"country": "US", "postalCode": "60601"})
        self.assertEqual(self.good(by_code)["totalRate"], 0.1025)
        change = {"jurisdiction": "US-OR", "from_us": 1764288000000000, "basis_points": 500}
        admin("PUT", "/admin/rate_changes", {"changes": [change]})
        taxes = [
            self.api.create_transaction(order(kind="SalesOrder", city="Portland", region="OR", date=date)).json()["totalTax"]
            for date in ("2025-11-27", "2025-11-28")
        ]
        admin("PUT", "/admin/rate_changes", {"changes": []})
        self.assertEqual(taxes, [0, 5])


if __name__ == "__main__":
    unittest.main()
