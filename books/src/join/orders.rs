//! The orders of the shop's book, each joined to its intent.

use super::fit::{Attribution, Fits, Mark};
use super::objects::Objects;
use super::shoppers::{Header, Shoppers};
use rusqlite::{Connection, Row};

/// One order and what the statements say about it.
#[derive(Debug)]
pub(super) struct Order {
    pub seq: i64,
    pub number: Box<str>,
    pub attribution: Attribution,
    pub accepted: bool,
    pub pending: bool,
    /// What a charge is to pay: the total without what credit covers.
    pub due_minor: Option<i64>,
    pub currency: Option<Box<str>>,
    pub refunded_minor: i64,
    pub booked_back_minor: i64,
    pub charges: u32,
    pub captures: u32,
    pub captured_minor: i64,
    pub returned_minor: i64,
    pub open_minor: i64,
    pub unpayable: bool,
    pub answers_lost: u32,
    pub faults: u32,
    pub documents: u32,
    pub dispatches: u32,
    pub redeliveries: u32,
    pub dispatch_faults: u32,
    pub document_faults: u32,
}

impl Order {
    pub(super) fn set_aside(&self) -> bool {
        matches!(self.attribution, Attribution::SetAside(_))
    }
}

/// All orders, and by what other books may name them.
#[derive(Debug, Default)]
pub(super) struct Orders {
    /// In the order of their sequence.
    pub all: Vec<Order>,
    pub by_number: Fits,
    pub by_cart: Fits,
    pub by_payment: Fits,
    pub by_quote: Fits,
    pub by_document: Fits,
    /// By intent.
    of_intent: Vec<Vec<u32>>,
}

/// The columns that carry marks.
struct OrderMarks<'a> {
    number: &'a str,
    email: Option<&'a str>,
    payment: Option<&'a str>,
    run: Option<&'a str>,
    intent: Option<&'a str>,
}

const SELECT: &str = "
    SELECT o.seq, o.number, o.email, o.payment, o.run, o.intent, o.cart, o.tax_quote, o.tax_document, o.state, o.total_minor,
           o.currency, o.credit_minor, max(coalesce(o.refunded_minor, 0), coalesce(r.booked, 0)),
           coalesce(r.credit, 0), iif(o.dispute_state = 'lost', coalesce(o.disputed_minor, 0), 0), coalesce(o.given_up_minor, 0)
    FROM shop_order AS o
    LEFT JOIN (SELECT order_seq, sum(amount_minor) AS booked, sum(credit_minor) AS credit FROM order_refund
               WHERE state IN ('succeeded', 'pending') GROUP BY order_seq) AS r ON r.order_seq = o.seq
    ORDER BY o.seq";

impl Orders {
    pub(super) fn read(conn: &Connection, shoppers: &mut Shoppers, objects: &Objects) -> rusqlite::Result<Self> {
        let mut orders = Self::default();
        let mut select = conn.prepare(SELECT)?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            orders.take(row, shoppers, objects)?;
        }
        orders.of_intent = vec![Vec::new(); shoppers.intents.len()];
        for (index, order) in orders.all.iter().enumerate() {
            if let Some(intent) = order.attribution.intent() {
                orders.of_intent[intent as usize].push(index as u32);
            }
        }
        Ok(orders)
    }

    fn take(&mut self, row: &Row<'_>, shoppers: &mut Shoppers, objects: &Objects) -> rusqlite::Result<()> {
        let text = |column: usize| row.get_ref(column).and_then(|value| Ok(value.as_str_or_null()?));
        let marks = OrderMarks {
            number: text(1)?.unwrap_or_default(),
            email: text(2)?,
            payment: text(3)?,
            run: text(4)?,
            intent: text(5)?,
        };
        if let Some(header) = marks.intent {
            shoppers.meet(header);
        }
        let index = self.all.len() as u32;
        let references = [(6, &mut self.by_cart), (7, &mut self.by_quote), (8, &mut self.by_document)];
        for (column, fits) in references {
            if let Some(name) = text(column)? {
                fits.add(name, index);
            }
        }
        if let Some(payment) = marks.payment {
            // A shop may name the payment or its charge.
            let object = objects.find_payment(Some(payment));
            let root = object.map(|object| &*objects.all[objects.all[object as usize].root as usize].name);
            self.by_payment.add(root.unwrap_or(payment), index);
        }
        self.by_number.add(marks.number, index);
        let state = text(9)?.unwrap_or_default();
        let (refunded_minor, given_up_minor): (i64, i64) = (row.get(13)?, row.get(16)?);
        let credit_minor: i64 = row.get::<_, Option<i64>>(12)?.unwrap_or(0);
        self.all.push(Order {
            seq: row.get(0)?,
            number: marks.number.into(),
            attribution: attribute(&marks, shoppers, objects),
            accepted: !matches!(state, "failed" | "cancelled"),
            pending: state == "pending",
            currency: text(11)?.map(Into::into),
            due_minor: row.get::<_, Option<i64>>(10)?.map(|total| total - credit_minor - given_up_minor),
            refunded_minor,
            booked_back_minor: refunded_minor - row.get::<_, i64>(14)? + row.get::<_, i64>(15)?,
            charges: 0,
            captures: 0,
            captured_minor: 0,
            returned_minor: 0,
            open_minor: 0,
            unpayable: false,
            answers_lost: 0,
            faults: 0,
            documents: 0,
            dispatches: 0,
            redeliveries: 0,
            dispatch_faults: 0,
            document_faults: 0,
        });
        Ok(())
    }

    /// The orders of an intent.
    pub(super) fn of_intent(&self, intent: u32) -> &[u32] {
        self.of_intent.get(intent as usize).map_or(&[], Vec::as_slice)
    }

    /// The only order of an intent, or the only accepted one.
    pub(super) fn sole_of(&self, intent: u32) -> Option<u32> {
        let orders = self.of_intent(intent);
        let mut accepted = orders.iter().filter(|index| self.all[**index as usize].accepted);
        match (orders, accepted.next(), accepted.next()) {
            ([only], ..) | (_, Some(only), None) => Some(*only),
            _ => None,
        }
    }
}

/// The declared chain: header, else number, else e-mail, else the payment's own marks.
fn attribute(marks: &OrderMarks<'_>, shoppers: &Shoppers, objects: &Objects) -> Attribution {
    match marks.intent.map(|header| shoppers.header(header)) {
        Some(Header::Ours(id)) => return Attribution::Joined(id, Mark::Header),
        Some(Header::OtherRun(run)) => return Attribution::SetAside(Some(run.into())),
        Some(Header::Stranger) | None => {}
    }
    if let Some(run) = marks.run.filter(|run| *run != shoppers.run()) {
        return Attribution::SetAside(Some(run.into()));
    }
    let email = marks.email.map(str::to_lowercase).unwrap_or_default();
    let by_number = || Attribution::among(shoppers.by_number.all(marks.number).to_vec(), Mark::OrderNumber);
    let by_email = || Attribution::among(shoppers.by_email.all(&email).to_vec(), Mark::Email);
    let by_payment = || {
        let object = objects.find_payment(marks.payment)?;
        let root = &objects.all[objects.all[object as usize].root as usize].marks;
        let emails = || root.emails.iter().flat_map(|email| shoppers.by_email.all(email)).copied().collect();
        let ids = if root.strong.is_empty() { emails() } else { root.strong.clone() };
        Attribution::among(ids, Mark::Reference)
    };
    by_number().or_else(by_email).or_else(by_payment).unwrap_or(match marks.run {
        // The shop says that it is ours, but not whose.
        Some(_) => Attribution::Nobody,
        None => Attribution::SetAside(None),
    })
}
