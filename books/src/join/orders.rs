//! The orders of the shop's book, each joined to its intent.

use super::fit::{Attribution, Fits, Mark};
use super::lines::Provider;
use super::maybe::{CurrencyId, Whole};
use super::objects::Objects;
use super::parcels::Destination;
use super::shoppers::{Address, Header, Shoppers};
use super::statement::Statement;
use super::stream::{self, Cells};
use rusqlite::Connection;

/// One order.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "one for each question that a law asks of the state")]
pub(super) struct Order {
    pub seq: i64,
    /// Its number among [`Shoppers::numbers`].
    pub number: u32,
    pub attribution: Attribution,
    pub accepted: bool,
    pub pending: bool,
    pub cancelled: bool,
    pub paid: bool,
    /// Where it goes, as far as the book says that.
    pub to: Destination,
    /// Where it names a quote of its own.
    pub names_quote: bool,
    pub tax_minor: Whole,
    /// What tax is due on: the articles less the promotion, and shipping.
    pub sold_minor: Whole,
    pub total_minor: Whole,
    pub email: Address,
    /// What a charge is to pay: the total without what credit covers.
    pub due_minor: Whole,
    pub currency: Option<CurrencyId>,
    pub refunded_minor: i64,
    pub booked_back_minor: i64,
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
    /// By the payment (the outermost object) or the tax document that they name.
    pub by_object: Fits,
    /// By the number of the quote's code.
    by_quote: Fits,
    of_intent: Fits,
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
           o.currency, o.credit_minor, o.tax_minor, max(coalesce(o.refunded_minor, 0), coalesce(r.booked, 0)),
           coalesce(r.credit, 0), iif(o.dispute_state = 'lost', coalesce(o.disputed_minor, 0), 0), coalesce(o.given_up_minor, 0),
           o.ship_to, o.subtotal_minor - coalesce(o.discount_minor, 0) + coalesce(o.shipping_minor, 0)
    FROM shop_order AS o
    LEFT JOIN (SELECT order_seq, sum(amount_minor) AS booked, sum(credit_minor) AS credit FROM order_refund
               WHERE state IN ('succeeded', 'pending') GROUP BY order_seq) AS r ON r.order_seq = o.seq
    ORDER BY o.seq";

impl Orders {
    pub(super) fn read(conn: &Connection, shoppers: &mut Shoppers, statement: &Statement) -> rusqlite::Result<Self> {
        let mut orders = Self::default();
        stream::each(conn, SELECT, |cells| orders.take(conn, cells, shoppers, statement))?;
        for (index, order) in orders.all.iter().enumerate() {
            if let Some(intent) = order.attribution.intent() {
                orders.of_intent.add(intent, index as u32);
            }
        }
        Ok(orders)
    }

    fn take(
        &mut self,
        conn: &Connection,
        row: Cells<'_>,
        shoppers: &mut Shoppers,
        statement: &Statement,
    ) -> rusqlite::Result<()> {
        let objects = &statement.objects;
        let text = |column: usize| row.text(column);
        let amount = |column: usize| row.number(column).map(Option::unwrap_or_default);
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
        if let Some(cart) = text(6)? {
            self.by_cart.add(shoppers.number(cart), index);
        }
        let quote = text(7)?;
        if let Some(asked) = quote.and_then(|quote| statement.quotes.find(quote)) {
            self.by_quote.add(asked, index);
        }
        if let Some(document) = objects.find(Provider::Tax, text(8)?) {
            self.by_object.add(document, index);
        }
        if let Some(payment) = marks.payment.and_then(|payment| objects.find_payment(payment)) {
            // A shop may name the payment or its charge; both providers may have one of that name.
            let root = objects.root(payment);
            let twin = objects.twin(root);
            [Some(root), twin].into_iter().flatten().for_each(|root| self.by_object.add(root, index));
        }
        let number = shoppers.number(marks.number);
        self.by_number.add(number, index);
        let state = text(9)?.unwrap_or_default();
        let (refunded_minor, given_up_minor, credit_minor) = (amount(14)?, amount(17)?, amount(12)?);
        self.all.push(Order {
            seq: row.known_number(0)?,
            number,
            attribution: attribute(conn, &marks, shoppers, objects)?,
            accepted: !matches!(state, "failed" | "cancelled"),
            pending: state == "pending",
            cancelled: state == "cancelled",
            paid: matches!(state, "paid" | "partially_fulfilled" | "fulfilled"),
            to: text(18)?.map(Destination::read).unwrap_or_default(),
            names_quote: quote.is_some(),
            tax_minor: row.number(13)?.into(),
            currency: shoppers.currency(text(11)?),
            sold_minor: row.number(19)?.into(),
            total_minor: row.number(10)?.into(),
            email: marks.email.map(Address::of).unwrap_or_default(),
            due_minor: row.number(10)?.map(|total| total - credit_minor - given_up_minor).into(),
            refunded_minor,
            booked_back_minor: refunded_minor - amount(15)? + amount(16)?,
        });
        Ok(())
    }

    /// The orders of an intent.
    pub(super) fn of_intent(&self, intent: u32) -> &[u32] {
        self.of_intent.all(intent)
    }

    /// The orders that name the quote.
    pub(super) fn of_quote(&self, quote: u32) -> &[u32] {
        self.by_quote.all(quote)
    }

    /// Forgets what only the statement's rows ask for.
    pub(super) fn only_orders(&mut self) {
        self.by_cart = Fits::default();
        self.by_object = Fits::default();
        self.by_quote = Fits::default();
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
fn attribute(
    conn: &Connection,
    marks: &OrderMarks<'_>,
    shoppers: &mut Shoppers,
    objects: &Objects,
) -> rusqlite::Result<Attribution> {
    match marks.intent.map(|header| shoppers.header(header)) {
        Some(Header::Ours(id)) => return Ok(Attribution::Joined(id, Mark::Header)),
        Some(Header::OtherRun(run)) => return Ok(Attribution::SetAside(Some(run.into()))),
        Some(Header::Stranger) | None => {}
    }
    if let Some(run) = marks.run.filter(|run| *run != shoppers.run()) {
        return Ok(Attribution::SetAside(Some(run.into())));
    }
    shoppers.need_emails(conn)?;
    let email = marks.email.map(|email| shoppers.email(email));
    let number = shoppers.numbers.find(marks.number);
    let by_number =
        || number.and_then(|number| Attribution::among(shoppers.by_number.all(number).to_vec(), Mark::OrderNumber));
    let by_email = || email.and_then(|email| Attribution::among(shoppers.by_email.all(email).to_vec(), Mark::Email));
    let by_payment = || {
        let marks = objects.marks(objects.root(objects.find_payment(marks.payment?)?));
        let emails = || marks.emails.iter().flat_map(|email| shoppers.by_email.all(*email)).copied().collect();
        let ids = if marks.strong.is_empty() { emails() } else { marks.strong.to_vec() };
        Attribution::among(ids, Mark::Reference)
    };
    Ok(by_number().or_else(by_email).or_else(by_payment).unwrap_or(match marks.run {
        // The shop says that it is ours, but not whose.
        Some(_) => Attribution::Nobody,
        None => Attribution::SetAside(None),
    }))
}
