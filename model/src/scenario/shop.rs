//! The shop under test: the one that comes along, or somebody's own.

use crate::money::Currency;
use std::collections::BTreeMap;

/// The shop under test.
#[derive(Clone, Debug)]
pub enum Shop {
    /// The one that comes with the harness, as a child process.
    Reference(Box<ReferenceShop>),
    /// Somebody's own, already running.
    Own(OwnShop),
}

/// Settings of the reference shop.
#[derive(Clone, Debug, PartialEq)]
pub struct ReferenceShop {
    /// Currency of all prices.
    pub currency: Currency,
    /// What it sells, most popular first.
    pub products: Vec<Product>,
    /// Discounts with a limit.
    pub promotions: Vec<Promotion>,
    /// Vouchers with what they are worth.
    pub vouchers: Vec<Voucher>,
    /// How many processes serve it, on one store.
    pub instances: u32,
    /// What it does without a tax quote.
    pub tax_fallback: TaxFallback,
    /// Everything else, as its configuration names it; laid over the defaults.
    pub settings: serde_json::Map<String, serde_json::Value>,
}

/// An article and its declared stock.
#[derive(Clone, Debug, PartialEq)]
pub struct Product {
    /// Stock keeping unit.
    pub sku: String,
    /// For people.
    pub name: String,
    /// Price of one, in minor units.
    pub unit_minor: i64,
    /// How many can be sold.
    pub stock: u64,
    /// Share of order lines; shoppers pick by it.
    pub popularity: f64,
}

/// A discount with a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promotion {
    /// What a shopper types.
    pub code: String,
    /// Discount in basis points of the subtotal.
    pub percent_bp: u32,
    /// How many accepted orders may use it.
    pub limit: u64,
}

/// A voucher that pays what it is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voucher {
    /// What a shopper types.
    pub code: String,
    /// In minor units.
    pub worth_minor: i64,
}

/// What a shop does when it gets no tax quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaxFallback {
    /// Refuses the checkout.
    Block,
    /// Charges at this rate, in basis points, and flags the order.
    Rate(u32),
}

/// A shop that is not ours.
#[derive(Clone, Debug)]
pub struct OwnShop {
    /// Base address.
    pub url: String,
    /// Where its orders book comes from; laws that need it are otherwise not exercised.
    pub orders: Option<OrdersBook>,
    /// Declared stock by SKU.
    pub stock: BTreeMap<String, u64>,
    /// Declared limits by promotion code.
    pub promotions: BTreeMap<String, u64>,
    /// Declared worth by voucher code, in minor units.
    pub vouchers: BTreeMap<String, i64>,
    /// Files and directories that the shop writes, scanned for card numbers.
    pub files: Vec<String>,
}

/// Where the orders book of a shop comes from and what its columns mean.
#[derive(Clone, Debug, PartialEq)]
pub struct OrdersBook {
    /// Where it is read.
    pub from: OrdersSource,
    /// Our name → theirs (CSV column, or JSON member; dots go into objects). Unnamed ones keep our name.
    pub columns: BTreeMap<String, String>,
    /// Their word for a state → ours (`pending`, `failed`, `paid`, `fulfilled`, `cancelled`).
    pub states: BTreeMap<String, String>,
    /// Whether amounts are in minor units or in decimal major ones.
    pub amounts: Amounts,
}

/// Where an orders book is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrdersSource {
    /// A CSV file, relative to the scenario file.
    Csv(String),
    /// An address that answers CSV, a JSON array, or a JSON object a line; relative to the shop's base address.
    Http(String),
}

/// How a book writes amounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Amounts {
    /// Integers of minor units.
    #[default]
    Minor,
    /// Decimal numbers of the currency.
    Major,
}
