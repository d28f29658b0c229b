//! `shop`: the reference shop with its catalogue, or somebody's own.

use super::desk::At;
use super::form::{Form, Kind, object};
use super::kinds::{Json, Spotted, case, choice, list, shapes, spotted, table, words};
use super::scalars::{address, chance, count, currency, number, share, some, text};
use crate::scenario::{
    Amounts, OrdersBook, OrdersSource, OwnShop, Product, Promotion, ReferenceShop, Shop, TaxFallback, Voucher,
};
use std::collections::BTreeMap;

/// More processes than this do not fit on one machine beside their shoppers.
const INSTANCES_MAX: u64 = 16;
/// A shop, and whom its shoppers trust beside the system's authorities, in PEM.
pub(super) struct ShopDraft {
    pub shop: Shop,
    pub authorities: Option<String>,
}

/// `shop`.
pub(super) fn shop(form: &mut Form<'_>) -> Option<ShopDraft> {
    let tls = form.optional("tls", "Whom shoppers trust, beside the system's authorities.", object("Tls", tls));
    let shop = either(form)?;
    Some(ShopDraft { shop, authorities: tls })
}

fn tls(form: &mut Form<'_>) -> Option<String> {
    let pem = spotted(text()).and(|path, at: &At<'_>| {
        let text = at.desk.text(&path.value, &path.spot)?;
        at.desk.keep(&path.value, text.clone());
        let holds_one = text.contains("-----BEGIN CERTIFICATE-----");
        if !holds_one {
            at.wrong("holds no certificate", Some("name a file in PEM: `-----BEGIN CERTIFICATE-----` …".into()));
        }
        holds_one.then_some(text)
    });
    form.required("ca", "Certificates of authorities: a file in PEM, relative to the scenario file.", pem)
}

fn either(form: &mut Form<'_>) -> Option<Shop> {
    let reference =
        form.optional("reference", "The shop that comes with the harness.", object("ReferenceShop", reference));
    let url = form.optional("url", "The base address of a shop of your own.", address());
    let orders = form.optional("orders", "Where its orders book comes from.", object("OrdersBook", orders));
    let stock = form.optional("stock", "Its declared stock: SKU → pieces.", table(count()));
    let promotions = form.optional("promotions", "Its declared limits: code → accepted orders.", table(count()));
    let vouchers = form.optional("vouchers", "What its vouchers are worth: code → minor units.", table(count()));
    let files = form.optional("files", "Files and directories that it writes; scanned for card numbers.", list(text()));
    let chosen = form.one_key(&["reference", "url"], "a shop is the reference one, or has an address");
    if chosen == Some("reference") {
        for key in ["orders", "stock", "promotions", "vouchers", "files"].into_iter().filter(|key| form.has(key)) {
            form.wrong(
                key,
                "does not go with `reference`",
                "the reference shop has its own; write it under `reference`",
            );
        }
        return Some(Shop::Reference(Box::new(reference?)));
    }
    let named = |table: Option<Vec<(Spotted<String>, u64)>>| {
        table.unwrap_or_default().into_iter().map(|(name, value)| (name.value, value)).collect::<BTreeMap<_, _>>()
    };
    Some(Shop::Own(OwnShop {
        url: url?,
        orders,
        stock: named(stock),
        promotions: named(promotions),
        vouchers: named(vouchers).into_iter().map(|(code, worth)| (code, worth as i64)).collect(),
        files: files.unwrap_or_default(),
    }))
}

fn reference(form: &mut Form<'_>) -> Option<ReferenceShop> {
    let currency = form.defaulted("currency", "Of all prices.", "USD", currency());
    let products = shapes().list(list(object("Product", product))).map(object("Catalogue", catalogue));
    let products =
        form.required("products", "What it sells, the most popular first; or how many of what kind.", products);
    let promotions = table(object("Promotion", promotion));
    let promotions = form.optional("promotions", "Discounts: code → share and limit.", promotions).unwrap_or_default();
    let vouchers = form.optional("vouchers", "Vouchers: code → worth in minor units.", table(some()));
    let instances = form.defaulted("instances", "How many processes serve it, on one store.", "1", some());
    let fallback = choice(vec![
        super::kinds::word_or("block", "Refuses the checkout.", object("Block", |_| Some(TaxFallback::Block))),
        case(
            "rate",
            "Charges at this rate and flags the order.",
            share().map(|share| TaxFallback::Rate(basis_points(share))),
        ),
    ]);
    let tax_fallback = form.defaulted("tax_fallback", "What it does without a tax quote.", "block", fallback);
    let settings = form.optional("settings", "Everything else, as its configuration names it.", Json);
    let settings = settings.unwrap_or_else(|| serde_json::Value::Object(serde_json::Map::new()));
    let serde_json::Value::Object(settings) = settings else {
        form.wrong("settings", "is no mapping", "see `doorbuster shop --help` for its settings");
        return None;
    };
    let products = products?;
    if products.is_empty() {
        form.wrong("products", "has no products", "a shop sells at least one");
    }
    unique_skus(form, &products);
    let promotions =
        promotions.into_iter().map(|(code, promotion)| Promotion { code: code.value, ..promotion }).collect();
    let voucher = |(code, worth): (Spotted<String>, u64)| Voucher { code: code.value, worth_minor: worth as i64 };
    Some(ReferenceShop {
        currency: currency?,
        products,
        promotions,
        vouchers: vouchers.unwrap_or_default().into_iter().map(voucher).collect(),
        instances: instances?.min(INSTANCES_MAX) as u32,
        tax_fallback: tax_fallback?,
        settings,
    })
}

fn unique_skus(form: &Form<'_>, products: &[Product]) {
    let mut seen = std::collections::BTreeSet::new();
    if let Some(twice) = products.iter().find(|product| !seen.insert(&product.sku)) {
        form.wrong("products", &format!("has the SKU `{}` twice", twice.sku), "give each product a SKU of its own");
    }
}

fn basis_points(share: f64) -> u32 {
    (share * 10_000.0).round() as u32
}

fn promotion(form: &mut Form<'_>) -> Option<Promotion> {
    let percent = form.required("percent", "Discount on the subtotal.", chance());
    let limit = form.required("limit", "How many accepted orders may use it.", some());
    Some(Promotion { code: String::new(), percent_bp: basis_points(percent?), limit: limit? })
}

fn product(form: &mut Form<'_>) -> Option<Product> {
    let sku = form.required("sku", "Stock keeping unit.", text());
    let name = form.optional("name", "For people; the SKU by default.", text());
    let unit_minor = form.required("unit_minor", "Price of one, in minor units.", some());
    let stock = form.defaulted("stock", "How many can be sold.", "100000", count());
    let popularity = form.defaulted("popularity", "Weight among the order lines.", "1", number());
    let sku = sku?;
    Some(Product {
        name: name.unwrap_or_else(|| sku.clone()),
        sku,
        unit_minor: unit_minor? as i64,
        stock: stock?,
        popularity: popularity?,
    })
}

/// A catalogue by its figures: prices at quantiles, popularity by rank.
fn catalogue(form: &mut Form<'_>) -> Option<Vec<Product>> {
    let total = form.required("count", "How many products.", some());
    let skew = form.defaulted("skew", "Popularity falls as 1 / rank^skew.", "0.9", number());
    let prices = form.required("prices", "A CSV file with the columns `quantile` and `value`.", spotted(text()));
    let stock = form.defaulted("stock", "How many of each can be sold.", "100000", count());
    let hot = form.optional("hot", "The first few, which most shoppers want.", object("HotProducts", hot));
    let curve = match (form.at(), prices) {
        (Some(at), Some(prices)) => price_curve(at, &prices),
        _ => None,
    };
    let (total, skew, stock, curve) = (total?.min(100_000), skew?, stock?, curve?);
    let weight = |rank: u64| 1.0 / (rank as f64).powf(skew);
    let (hot_count, hot_share, hot_stock) = hot.unwrap_or((0, 0.0, 0));
    if hot_count >= total {
        form.wrong("hot", "has as many hot products as there are", "raise `count`, or lower `hot.count`");
    }
    let hot_sum: f64 = (1..=hot_count).map(weight).sum();
    let rest_sum: f64 = (hot_count + 1..=total).map(weight).sum();
    let products = (1..=total).map(|rank| {
        let (scale, stock) =
            if rank <= hot_count { (hot_share / hot_sum, hot_stock) } else { ((1.0 - hot_share) / rest_sum, stock) };
        Product {
            sku: format!("SKU-{rank:04}"),
            name: format!("Article {rank}"),
            unit_minor: price(&curve, rank),
            stock,
            popularity: weight(rank) * scale,
        }
    });
    Some(products.collect())
}

fn hot(form: &mut Form<'_>) -> Option<(u64, f64, u64)> {
    let count_of_hot = form.required("count", "How many.", some());
    let share = form.required("share", "Their share of the order lines.", chance());
    let stock = form.required("stock", "How many of each can be sold.", count());
    Some((count_of_hot?, share?, stock?))
}

/// Quantiles and prices, both ascending.
fn price_curve(at: &At<'_>, path: &Spotted<String>) -> Option<Vec<(f64, f64)>> {
    let mut columns = Vec::new();
    for name in ["quantile", "value"] {
        match super::csv::column(at.desk, path, name) {
            Ok(numbers) => columns.push(numbers?),
            Err(problem) => {
                let problem = problem.trim_start_matches(&format!("is `{name}`, but ")).to_owned();
                at.desk.note(path.spot.clone(), format!("lacks the column `{name}`: {problem}"), None);
                return None;
            }
        }
    }
    let (values, quantiles) = (columns.pop()?, columns.pop()?);
    Some(quantiles.into_iter().zip(values).collect())
}

/// The price of a rank: the quantiles between 1% and 99% are gone through in steps of the golden ratio, so that prices
/// are spread alike over popular and unpopular products, with every seed the same.
fn price(curve: &[(f64, f64)], rank: u64) -> i64 {
    let at = 0.01 + 0.98 * (rank as f64 * 0.618_033_988_749_894_9).fract();
    let upper =
        curve.iter().position(|(quantile, _)| *quantile >= at).unwrap_or(curve.len() - 1).max(1).min(curve.len() - 1);
    let ((from, low), (to, high)) = (curve[upper.saturating_sub(1)], curve[upper]);
    let value = if to > from { low + (high - low) * ((at - from) / (to - from)).clamp(0.0, 1.0) } else { high };
    ((value * 100.0).round() as i64).max(1)
}

fn orders(form: &mut Form<'_>) -> Option<OrdersBook> {
    let csv = form.optional("csv", "A CSV file, relative to the scenario file.", text());
    let http = form.optional(
        "http",
        "An address of CSV, a JSON array, or a JSON object a line; relative to the shop's.",
        text().and(|address, at| {
            if address.contains("://") {
                at.desk.target(at.spot(), &address);
            }
            Some(address)
        }),
    );
    let columns =
        form.optional("columns", "Our name → theirs (`number`, `state`, `total_minor`, `email`, …).", table(text()));
    let state = words(&[
        ("pending", "pending"),
        ("failed", "failed"),
        ("authorised", "authorised"),
        ("paid", "paid"),
        ("partially_fulfilled", "partially_fulfilled"),
        ("fulfilled", "fulfilled"),
        ("cancelled", "cancelled"),
    ]);
    let states = form.optional("states", "Their word for a state → ours.", table(state));
    let amounts = words(&[("minor", Amounts::Minor), ("major", Amounts::Major)]);
    let amounts = form.defaulted("amounts", "Integers of minor units, or decimals of the currency.", "minor", amounts);
    form.one_key(&["csv", "http"], "an orders book has one source");
    Some(OrdersBook {
        from: csv.map(OrdersSource::Csv).or_else(|| http.map(OrdersSource::Http))?,
        columns: columns.unwrap_or_default().into_iter().map(|(ours, theirs)| (ours.value, theirs)).collect(),
        states: states.unwrap_or_default().into_iter().map(|(theirs, ours)| (theirs.value, ours.to_owned())).collect(),
        amounts: amounts?,
    })
}
