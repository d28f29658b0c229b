//! Scenarios held in memory.

use model::scenario_file::Files;
use std::collections::BTreeMap;

/// Texts by path.
pub struct Texts(BTreeMap<String, String>);

impl Texts {
    /// The scenario itself.
    pub fn scenario(&self) -> &str {
        &self.0["scenario.yaml"]
    }

    /// Cuts one text into files at lines such as `=== journeys/buyer.yaml`; what stands before the first is the scenario.
    pub fn cut(text: &str) -> Self {
        let mut files = BTreeMap::new();
        let mut path = "scenario.yaml".to_owned();
        let mut lines = String::new();
        for line in text.lines() {
            if let Some(next) = line.strip_prefix("=== ") {
                files.insert(std::mem::replace(&mut path, next.to_owned()), std::mem::take(&mut lines));
            } else {
                lines.push_str(line);
                lines.push('\n');
            }
        }
        files.insert(path, lines);
        Self(files)
    }
}

impl Files for Texts {
    fn read(&self, relative_path: &str) -> Result<String, String> {
        self.0.get(relative_path).cloned().ok_or_else(|| "no such file".to_owned())
    }
}

/// A scenario that is right, for tests that change one thing.
pub const RIGHT: &str = "\
name: right
description: Nothing is wrong here.
seed: 7
shop:
  reference:
    products: [{sku: A, unit_minor: 1000}]
traffic:
  shape: [{constant: {rate: 20/s, for: 60s}}]
journeys:
  - name: buyer
    steps:
      - {name: cart, post: /carts, json: {}, capture: {cart: $.cart}}
      - name: checkout
        buy:
          submit: {post: \"/carts/{{cart}}/checkout\", json: {payment: {method: \"{{card}}\"}}}
mix:
  - journey: buyer
    manners: {abandon: 10%, double_click: 5%, second_tab: 5%, second_card: 50%, cancel: 5%}
    cards: {ok: 9, declined: 1}
objectives: {availability: 90%, payment_authorisation: 90%, order_creation: 90%, checkout_p95: 500ms}
";
