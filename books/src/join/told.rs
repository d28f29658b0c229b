//! What answers told intents of orders: counted where it is plainly right, written down where a law is to look at it.

use super::maybe::Whole;
use super::orders::Order;
use super::shoppers::Told;
use super::store::Found;
use rusqlite::params;

impl Found<'_> {
    /// Writes what intents were told of orders, unless it is plainly right; of that the number by intent.
    pub(super) fn store_told(&self) -> rusqlite::Result<Vec<u32>> {
        let mut well = vec![0; self.shoppers.intents.len()];
        let mut insert = self.conn.prepare("INSERT INTO told_order VALUES (?1, ?2, ?3, ?4)")?;
        for told in &self.shoppers.told {
            let mut orders =
                self.orders.by_number.all(told.number).iter().map(|index| &self.orders.all[*index as usize]);
            let mut orders = orders.by_ref().filter(|order| !order.set_aside());
            match (orders.next(), orders.next()) {
                // Of an order that the book does not have nothing can be told.
                (None, _) => {}
                (Some(only), None) if self.is_plainly_right(told, only) => well[told.intent as usize] += 1,
                (Some(_), _) => {
                    let (least, most) = told.totals_minor;
                    insert.execute(params![told.intent, self.shoppers.numbers.get(told.number), least, most])?;
                }
            }
        }
        Ok(well)
    }

    /// Whether the order is the intent's, in its name, and of the total that it was told.
    fn is_plainly_right(&self, told: &Told, order: &Order) -> bool {
        let intent = &self.shoppers.intents[told.intent as usize];
        let is_total = |told: Whole| told == Whole::NONE || [order.total_minor, order.due_minor].contains(&told);
        order.attribution.intent() == Some(told.intent)
            && (order.email == intent.email || !order.email.is_known() || !intent.email.is_known())
            && (intent.has_edited
                || order.total_minor == Whole::NONE
                || (is_total(told.totals_minor.0) && is_total(told.totals_minor.1)))
    }
}
