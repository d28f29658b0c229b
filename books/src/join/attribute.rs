//! To which intent and order a row of the statement belongs.

use super::fit::{Attribution, Mark};
use super::objects::Marks;
use super::orders::Orders;
use super::shoppers::Shoppers;

/// Names by which the orders book may refer to a row.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reference {
    /// A payment or a tax document: the outermost object.
    Object(u32),
    /// The number of its code.
    Quote(u32),
    Nothing,
}

/// The books that answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Books<'a> {
    pub shoppers: &'a Shoppers,
    pub orders: &'a Orders,
}

impl Books<'_> {
    /// The declared chain: header, else order number, else reference, else e-mail.
    pub(super) fn attribute(&self, marks: Marks<'_>, reference: Reference) -> Attribution {
        match (marks.strong, marks.other_run()) {
            ([], Some(run)) => return Attribution::SetAside(Some(run.into())),
            ([_, ..], Some(_)) | ([_, _, ..], None) => return Attribution::Conflict(marks.strong.into()),
            ([id], None) => return self.against_order(*id, marks),
            ([], None) => {}
        }
        let mut ids = Vec::new();
        for number in marks.orders {
            let learnt = self.shoppers.by_number.all(*number);
            ids.extend_from_slice(learnt);
            if learnt.is_empty() {
                for index in self.named(*number) {
                    match &self.orders.all[*index as usize].attribution {
                        Attribution::Joined(id, _) => ids.push(*id),
                        Attribution::Undecided(candidates, _) => ids.extend_from_slice(candidates),
                        aside @ Attribution::SetAside(Some(_)) => return aside.clone(),
                        Attribution::Conflict(_) | Attribution::Nobody | Attribution::SetAside(None) => {}
                    }
                }
            }
        }
        let by_number = Attribution::among(ids, Mark::OrderNumber);
        let by_reference = || {
            let intents = self
                .referred(reference)
                .iter()
                .filter_map(|index| self.orders.all[*index as usize].attribution.intent());
            Attribution::among(intents.collect(), Mark::Reference)
        };
        let by_email = || {
            let ids = marks.emails.iter().flat_map(|email| self.shoppers.by_email.all(*email)).copied().collect();
            Attribution::among(ids, Mark::Email)
        };
        by_number.or_else(by_reference).or_else(by_email).unwrap_or(Attribution::Nobody)
    }

    /// A header must not contradict the header of the order that the row names.
    fn against_order(&self, id: u32, marks: Marks<'_>) -> Attribution {
        let other = marks.orders.iter().find_map(|number| match self.named(*number) {
            [index] => match self.orders.all[*index as usize].attribution {
                Attribution::Joined(other, Mark::Header) if other != id => Some(other),
                _ => None,
            },
            _ => None,
        });
        match other {
            Some(other) => Attribution::Conflict([id.min(other), id.max(other)].into()),
            None => Attribution::Joined(id, Mark::Header),
        }
    }

    /// The order that a row belongs to: the one that it names, else the one that refers to it, else the intent's only one.
    /// Where two orders claim one payment, the first of them has it: one charge pays for one order.
    pub(super) fn order(&self, marks: Marks<'_>, reference: Reference, intent: Option<u32>) -> Option<u32> {
        let mut claims = marks
            .orders
            .iter()
            .flat_map(|number| self.named(*number))
            .chain(self.referred(reference))
            .copied()
            .filter(|index| !self.orders.all[*index as usize].set_aside());
        let first = claims.clone().next();
        let own =
            claims.find(|index| intent.is_some() && self.orders.all[*index as usize].attribution.intent() == intent);
        own.or(first).or_else(|| self.orders.sole_of(intent?))
    }

    /// Orders of that number, or made of the cart of that name.
    fn named(&self, number: u32) -> &[u32] {
        match self.orders.by_number.all(number) {
            [] => self.orders.by_cart.all(number),
            orders => orders,
        }
    }

    fn referred(&self, reference: Reference) -> &[u32] {
        match reference {
            Reference::Object(root) => self.orders.by_object.all(root),
            Reference::Quote(code) => self.orders.of_quote(code),
            Reference::Nothing => &[],
        }
    }
}
