//! Switches of the shop that are flipped while it runs. They are stored, so that every instance on the store obeys; each
//! keeps a copy in memory, so that no request asks the store for them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, Ordering::Relaxed},
    },
    time::Duration,
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    refusal::{Refusal, known},
    shop::Shop,
    store::StoreError,
};

/// Which payment provider is asked first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentRoute {
    /// The first one, and the backup where it is proven that the first holds nothing.
    #[default]
    Auto,
    /// The first one only.
    Payment,
    /// The backup only.
    BackupPayment,
}

impl PaymentRoute {
    const ALL: [Self; 3] = [Self::Auto, Self::Payment, Self::BackupPayment];
}

/// What the flags are before anybody flips one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own, and is told as one")]
pub struct FlagValues {
    /// Whether promotion codes take anything off.
    pub promotions: bool,
    /// Which payment provider is asked first.
    pub payment_provider: PaymentRoute,
    /// Whether the fraud provider is asked.
    pub fraud: bool,
    /// Whether the provider of shipping rates is asked.
    pub shipping_quotes: bool,
    /// Whether carts can be ordered at all.
    pub accept_orders: bool,
}

impl Default for FlagValues {
    fn default() -> Self {
        Self {
            promotions: true,
            payment_provider: PaymentRoute::Auto,
            fraud: true,
            shipping_quotes: true,
            accept_orders: true,
        }
    }
}

/// A flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flag {
    Promotions,
    PaymentProvider,
    Fraud,
    ShippingQuotes,
    AcceptOrders,
}

impl Flag {
    pub(crate) const ALL: [Self; 5] =
        [Self::Promotions, Self::PaymentProvider, Self::Fraud, Self::ShippingQuotes, Self::AcceptOrders];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Promotions => "promotions",
            Self::PaymentProvider => "payment_provider",
            Self::Fraud => "fraud",
            Self::ShippingQuotes => "shipping_quotes",
            Self::AcceptOrders => "accept_orders",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|flag| flag.name() == name)
    }
}

/// A value that this flag does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotAValue;

/// The flags as this instance knows them.
#[derive(Debug)]
pub(crate) struct Flags {
    promotions: AtomicBool,
    /// Place in [`PaymentRoute::ALL`].
    payment_route: AtomicU8,
    fraud: AtomicBool,
    shipping_quotes: AtomicBool,
    accept_orders: AtomicBool,
}

impl Flags {
    pub(crate) fn new(values: FlagValues) -> Self {
        Self {
            promotions: values.promotions.into(),
            payment_route: (values.payment_provider as u8).into(),
            fraud: values.fraud.into(),
            shipping_quotes: values.shipping_quotes.into(),
            accept_orders: values.accept_orders.into(),
        }
    }

    pub(crate) fn promotions(&self) -> bool {
        self.promotions.load(Relaxed)
    }

    pub(crate) fn payment_route(&self) -> PaymentRoute {
        let place = usize::from(self.payment_route.load(Relaxed));
        PaymentRoute::ALL.get(place).copied().unwrap_or_default()
    }

    pub(crate) fn fraud(&self) -> bool {
        self.fraud.load(Relaxed)
    }

    pub(crate) fn shipping_quotes(&self) -> bool {
        self.shipping_quotes.load(Relaxed)
    }

    pub(crate) fn accepts_orders(&self) -> bool {
        self.accept_orders.load(Relaxed)
    }

    /// A flag's value as it is told.
    pub(crate) fn value(&self, flag: Flag) -> Value {
        match flag {
            Flag::Promotions => self.promotions().into(),
            Flag::PaymentProvider => json!(self.payment_route()),
            Flag::Fraud => self.fraud().into(),
            Flag::ShippingQuotes => self.shipping_quotes().into(),
            Flag::AcceptOrders => self.accepts_orders().into(),
        }
    }

    /// Whether a flag takes such a value.
    pub(crate) fn takes(flag: Flag, value: &Value) -> bool {
        match flag {
            Flag::PaymentProvider => PaymentRoute::deserialize(value).is_ok(),
            Flag::Promotions | Flag::Fraud | Flag::ShippingQuotes | Flag::AcceptOrders => value.is_boolean(),
        }
    }

    /// Takes a value over.
    pub(crate) fn set(&self, flag: Flag, value: &Value) -> Result<(), NotAValue> {
        let switch = match flag {
            Flag::Promotions => &self.promotions,
            Flag::Fraud => &self.fraud,
            Flag::ShippingQuotes => &self.shipping_quotes,
            Flag::AcceptOrders => &self.accept_orders,
            Flag::PaymentProvider => {
                let route = PaymentRoute::deserialize(value).map_err(|_| NotAValue)?;
                self.payment_route.store(route as u8, Relaxed);
                return Ok(());
            }
        };
        switch.store(value.as_bool().ok_or(NotAValue)?, Relaxed);
        Ok(())
    }
}

/// How long another instance's flip may go unseen here, at most.
const FOLLOW_EVERY: Duration = Duration::from_millis(100);

impl Shop {
    /// Flips a flag, for every instance.
    pub(crate) async fn flip(&self, flag: Flag, value: &Value) -> Result<(), Refusal> {
        if !Flags::takes(flag, value) {
            return Err(known::BAD_VALUE);
        }
        let stored = self.store.set_flag(flag.name(), value.to_string()).await;
        stored.map_err(|error| self.refusal(error))?;
        self.flags.set(flag, value).map_err(|NotAValue| known::BAD_VALUE)
    }

    /// Takes over what is stored.
    pub(crate) async fn read_flags(&self) -> Result<(), StoreError> {
        for (name, value) in self.store.flags().await? {
            // What another version of the shop stored and this one does not understand changes nothing here.
            if let (Some(flag), Ok(value)) = (Flag::named(&name), serde_json::from_str(&value))
                && self.flags.set(flag, &value).is_err()
            {
                self.log
                    .store_trouble("a stored flag has a value that it does not take", &StoreError::Unavailable(name));
            }
        }
        Ok(())
    }

    /// Follows what other instances flip, until the shop closes.
    pub(crate) async fn follow_flags(self: Arc<Self>) {
        while !*self.closing.borrow() {
            self.pause(FOLLOW_EVERY).await;
            if let Err(error) = self.read_flags().await {
                self.log.store_trouble("the flags were not read", &error);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_is_what_it_was_set_to_and_nothing_else_is_taken() {
        let flags = Flags::new(FlagValues::default());
        for (place, route) in PaymentRoute::ALL.into_iter().enumerate() {
            assert_eq!(route as usize, place);
            flags.set(Flag::PaymentProvider, &json!(route)).unwrap();
            assert_eq!(flags.payment_route(), route);
        }
        flags.set(Flag::Promotions, &json!(false)).unwrap();
        assert_eq!((flags.promotions(), flags.fraud()), (false, true));
        assert_eq!(flags.set(Flag::AcceptOrders, &json!("no")), Err(NotAValue));
        assert_eq!(flags.set(Flag::PaymentProvider, &json!("third")), Err(NotAValue));
        for flag in Flag::ALL {
            assert!(Flags::takes(flag, &flags.value(flag)));
            assert_eq!(Flag::named(flag.name()), Some(flag));
        }
    }
}
