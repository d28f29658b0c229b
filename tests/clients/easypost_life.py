"""An address, a shipment, its rates and its label: their whole lives through EasyPost's own client for Python."""

import unittest
import uuid

import easypost
from easypost.errors import ForbiddenError, InvalidRequestError, NotFoundError, UnauthorizedError

from providers import url

FROM = {"name": "Dock", "street1": "417 Montgomery Street", "city": "San Francisco", "state": "CA", "zip": "94104", "country": "US"}
TO = {"name": "Ada", "street1": "1 Road", "city": "New York", "state": "NY", "zip": "10001", "country": "US"}
PARCEL = {"length": 10.2, "width": 8, "height": 4, "weight": 15.9}


def client(key):
    return easypost.EasyPostClient(key, api_base=url("shipping") + "/v2")


class Case(unittest.TestCase):
    def setUp(self):
        self.api = client("EZTK" + uuid.uuid4().hex)

    def ship(self, **more):
        return self.api.shipment.create(to_address=TO, from_address=FROM, parcel=PARCEL, **more)


class Addresses(Case):
    def test_one_is_made_and_verified(self):
        made = self.api.address.create(**FROM)
        self.assertTrue(made.id.startswith("adr_"))
        self.assertEqual(self.api.address.retrieve(made.id).street1, FROM["street1"])
        self.assertEqual(self.api.address.verify(made.id).verifications.delivery.success, True)
        self.assertEqual(self.api.address.create_and_verify(**FROM).city, "SAN FRANCISCO")
        self.assertEqual(self.api.address.all(page_size=5)["addresses"][0].object, "Address")

    def test_nowhere_is_refused(self):
        nowhere = {**FROM, "street1": "UNDELIVERABLE ST"}
        with self.assertRaises(InvalidRequestError) as raised:
            self.api.address.create(verify_strict=True, **nowhere)
        self.assertEqual((raised.exception.code, raised.exception.http_status), ("ADDRESS.VERIFY.FAILURE", 422))
        told = self.api.address.create(verify=True, **nowhere)
        self.assertFalse(told.verifications.delivery.success)


class Shipments(Case):
    def test_one_is_rated_bought_and_given_back(self):
        shipment = self.ship(reference="DB-1")
        self.assertTrue(shipment.id.startswith("shp_"))
        cheapest = shipment.lowest_rate()
        self.assertEqual((cheapest.carrier, cheapest.rate), ("USPS", "8.07"))
        self.assertEqual(self.api.rate.retrieve(cheapest.id).id, cheapest.id)
        ups = shipment.lowest_rate(carriers=["UPS"], services=["Ground"])
        bought = self.api.shipment.buy(shipment.id, rate=ups, insurance=100)
        self.assertEqual((bought.selected_rate.id, bought.insurance), (ups.id, "100"))
        self.assertTrue(bought.postage_label.id.startswith("pl_"))
        self.assertEqual(bought.tracker.tracking_code, bought.tracking_code)
        self.assertEqual(self.api.tracker.retrieve(bought.tracker.id).shipment_id, shipment.id)
        with self.assertRaises(InvalidRequestError) as raised:
            self.api.shipment.buy(shipment.id, rate=ups)
        self.assertEqual(raised.exception.code, "SHIPMENT.POSTAGE.EXISTS")
        self.assertEqual(self.api.shipment.refund(shipment.id).refund_status, "submitted")
        self.assertEqual(self.api.shipment.retrieve(shipment.id).reference, "DB-1")

    def test_rates_are_asked_again(self):
        shipment = self.ship()
        again = self.api.shipment.regenerate_rates(shipment.id)["rates"]
        self.assertEqual([rate.rate for rate in again], [rate.rate for rate in shipment.rates])
        self.assertNotEqual(again[0].id, shipment.rates[0].id)
        smart = self.api.shipment.get_smart_rates(shipment.id)
        self.assertGreaterEqual(smart[0].time_in_transit.percentile_99, smart[0].time_in_transit.percentile_50)

    def test_known_parts_make_one(self):
        to, start, parcel = self.api.address.create(**TO), self.api.address.create(**FROM), self.api.parcel.create(**PARCEL)
        self.assertEqual(self.api.parcel.retrieve(parcel.id).weight, PARCEL["weight"])
        made = self.api.shipment.create(to_address=to, from_address={"id": start.id}, parcel=parcel)
        self.assertEqual((made.to_address.id, made.parcel.id), (to.id, parcel.id))

    def test_lists_have_pages(self):
        made = [self.ship().id for _ in range(3)]
        page = self.api.shipment.all(page_size=2, purchased=False)
        self.assertEqual([shipment.id for shipment in page["shipments"]], made[:0:-1])
        rest = self.api.shipment.get_next_page(shipments=page, page_size=2)
        self.assertEqual([shipment.id for shipment in rest["shipments"]], made[:1])


class Trackers(Case):
    def test_a_test_code_says_where_its_parcel_is(self):
        tracker = self.api.tracker.create(tracking_code="EZ4000000004", carrier="USPS")
        self.assertEqual(tracker.status, "delivered")


class Refusals(Case):
    def test_each_is_the_clients_own_error(self):
        with self.assertRaises(NotFoundError):
            self.api.shipment.retrieve("shp_none")
        with self.assertRaises(InvalidRequestError) as raised:
            self.api.shipment.create(to_address=TO)
        self.assertEqual(raised.exception.errors[0]["field"], "from_address")
        with self.assertRaises(ForbiddenError):
            client("EZAK" + "live").shipment.all()
        with self.assertRaises(UnauthorizedError):
            client("").shipment.all()


if __name__ == "__main__":
    unittest.main()
