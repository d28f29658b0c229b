//! What the run file is told before byte one: who, when, what, on which machine.

use super::Options;
use super::load::Loaded;
use crate::arena::WEIGHT_G;
use crate::faults;
use books::opening::{FaultKind, FaultPlan, MixName, Opening, REFUNDS_FIRST, SHIPPING_TAKES, TELLS_WHO_ASKED};
use model::record::Machine;
use model::scenario::{FaultTarget, Shop, TaxFallback};
use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

/// The fact that says how many users a closed model has.
pub const CLOSED_USERS: &str = "traffic.closed_users";

/// A run's id: `r` and ten letters that no other run has. It comes from the clock and the process, never from the seed:
/// two runs of one plan must not share marks.
#[must_use]
pub fn run_id() -> String {
    const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let now_ns = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64);
    let mut bits = model::seed::Seed(now_ns).fork_nth(u64::from(std::process::id())).0;
    let mut id = String::from("r");
    for _ in 0..10 {
        id.push(char::from(LETTERS[(bits & 31) as usize]));
        bits >>= 5;
    }
    id
}

/// The time of day here, for names of directories: `2026-11-27T090301`.
#[must_use]
pub fn local_stamp() -> String {
    jiff::Zoned::now().strftime("%Y-%m-%dT%H%M%S").to_string()
}

/// What the run file is told before byte one.
#[must_use]
pub fn opening(run: &str, options: &Options, loaded: &Loaded) -> Opening {
    let scenario = &loaded.scenario;
    let Declared { stock, prices, weights_g, shipping, promotions, discounts_bp, vouchers, tax } =
        declared(&scenario.shop);
    let mix = scenario.mix.iter().map(|entry| {
        let journey = &scenario.journeys[entry.journey];
        MixName { journey: journey.name.clone(), buys: journey.buys() }
    });
    let faults = scenario.faults.iter().map(|fault| FaultPlan {
        name: fault.name.clone(),
        what: faults::describe(&fault.target),
        target: match fault.target {
            FaultTarget::Provider { .. } => FaultKind::Provider,
            FaultTarget::Link { .. } | FaultTarget::Exchange { .. } => FaultKind::Link,
            FaultTarget::Process { .. } => FaultKind::Process,
            FaultTarget::Store { .. } => FaultKind::Store,
            FaultTarget::Clock { .. } => FaultKind::Clock,
        },
        from_us: fault.at.as_micros() as u64,
        to_us: (fault.at + fault.lasts).as_micros() as u64,
    });
    let crowd = scenario.traffic.crowd.iter().map(|crowd| (CLOSED_USERS.to_owned(), crowd.users.to_string()));
    let crowd: Vec<_> = crowd.collect();
    let known = [(TELLS_WHO_ASKED, "1"), (SHIPPING_TAKES, "cheapest"), (REFUNDS_FIRST, "card")];
    let known = known.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let book = matches!(scenario.shop, Shop::Reference(_)).then_some(known).into_iter().flatten();
    Opening {
        run: run.into(),
        scenario: scenario.name.clone(),
        description: scenario.description.clone(),
        plan_hash: loaded.plan_hash.clone(),
        sources: loaded.sources(),
        opened_at_us: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as u64),
        tool_version: env!("CARGO_PKG_VERSION").into(),
        machine: machine(),
        shop: match (&scenario.shop, &options.defect) {
            (Shop::Own(own), _) => own.url.clone(),
            (Shop::Reference(_), None) => "reference shop".into(),
            (Shop::Reference(_), Some(defect)) => format!("reference shop with the seeded defect {defect}"),
        },
        command: options.command.clone(),
        mix: mix.collect(),
        stock,
        prices,
        weights_g,
        shipping,
        promotions,
        discounts_bp,
        vouchers,
        required_laws: scenario.required_laws.clone(),
        faults: faults.collect(),
        objectives: serde_json::to_value(&scenario.objectives).expect("objectives are plain data"),
        tax,
        quiet_for_us: scenario.settlement.quiet_for.as_micros() as u64,
        settle_within_us: scenario.settlement.settle_within.as_micros() as u64,
        facts: crowd.into_iter().chain(book).collect(),
    }
}

/// What a shop declares beforehand.
#[derive(Default)]
struct Declared {
    stock: BTreeMap<String, u64>,
    prices: BTreeMap<String, i64>,
    weights_g: BTreeMap<String, i64>,
    shipping: BTreeMap<String, i64>,
    promotions: BTreeMap<String, u64>,
    discounts_bp: BTreeMap<String, u32>,
    vouchers: BTreeMap<String, i64>,
    tax: Option<TaxFallback>,
}

fn declared(shop: &Shop) -> Declared {
    match shop {
        Shop::Reference(shop) => Declared {
            stock: shop.products.iter().map(|product| (product.sku.clone(), product.stock)).collect(),
            prices: shop.products.iter().map(|product| (product.sku.clone(), product.unit_minor)).collect(),
            weights_g: shop.products.iter().map(|product| (product.sku.clone(), WEIGHT_G)).collect(),
            shipping: shipping(&shop.settings),
            promotions: shop.promotions.iter().map(|promotion| (promotion.code.clone(), promotion.limit)).collect(),
            discounts_bp: shop.promotions.iter().map(|it| (it.code.clone(), it.percent_bp)).collect(),
            vouchers: shop.vouchers.iter().map(|voucher| (voucher.code.clone(), voucher.worth_minor)).collect(),
            tax: Some(shop.tax_fallback),
        },
        Shop::Own(own) => Declared {
            stock: own.stock.clone(),
            prices: BTreeMap::new(),
            weights_g: BTreeMap::new(),
            shipping: BTreeMap::new(),
            promotions: own.promotions.clone(),
            discounts_bp: BTreeMap::new(),
            vouchers: own.vouchers.clone(),
            tax: None,
        },
    }
}

/// What the reference shop takes for shipping when it asks nobody: by country from its table, else always the same.
fn shipping(settings: &serde_json::Map<String, serde_json::Value>) -> BTreeMap<String, i64> {
    let Some(provider) = settings.get("shipping") else {
        let flat = settings.get("shipping_minor").map_or(Some(0), serde_json::Value::as_i64);
        return flat.map(|amount_minor| (String::new(), amount_minor)).into_iter().collect();
    };
    let rows = provider["table"].as_array().into_iter().flatten();
    let named =
        rows.filter_map(|row| Some((row["country"].as_str()?.to_ascii_uppercase(), row["amount_minor"].as_i64()?)));
    named.chain(provider["default_minor"].as_i64().map(|amount_minor| (String::new(), amount_minor))).collect()
}

/// The machine, as far as the system tells.
pub(crate) fn machine() -> Machine {
    let field = |file: &str, name: &str| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name))?;
        line.split_once(':').map(|(_, value)| value.trim().to_owned())
    };
    let memory_kib = field("/proc/meminfo", "MemTotal").and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
    Machine {
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        processor: field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".into()),
        cores: std::thread::available_parallelism().map_or(1, |cores| cores.get() as u32),
        memory_mib: memory_kib.unwrap_or(0) / 1024,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_ids_differ_and_are_plain() {
        let (one, other) = (run_id(), run_id());
        assert_ne!(one, other);
        assert_eq!(one.len(), 11);
        assert!(one.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit()));
    }
}
