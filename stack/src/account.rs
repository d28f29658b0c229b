//! Customer accounts beside guests: a token that the shop keeps the hash of only, store credit, and cards by the payment
//! provider's names of them.

use sha2::{Digest, Sha256};

use crate::{
    clock::identifier,
    refusal::{Refusal, known},
    shop::Shop,
    store::{Account, SavedCard},
};

/// A new account, with the token that is shown once.
pub(crate) struct Opened {
    pub(crate) account: String,
    pub(crate) token: String,
    pub(crate) credit_minor: i64,
}

/// What is kept of a token.
pub(crate) fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Whether a text can be somebody's address for mail: what the published description says it must be.
pub(crate) fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.split_once('@') else { return false };
    let in_name = |byte: u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_{|}~-".contains(&byte);
    let in_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
    (1..=64).contains(&name.len())
        && (1..=190).contains(&host.len())
        && name.bytes().all(in_name)
        && host.bytes().all(in_host)
}

impl Shop {
    /// Opens an account.
    pub(crate) async fn open_account(&self, email: &str) -> Result<Opened, Refusal> {
        let account = identifier("a_");
        let mut chance = [0_u8; 24];
        getrandom::fill(&mut chance).map_err(|_| known::BUSY)?;
        let token = format!("at_{}", hex::encode(chance));
        let credit_minor = self.config.store_credit_minor;
        let opened = self.store.open_account(&account, email, hash(&token), credit_minor).await;
        opened.map_err(|error| self.refusal(error))?;
        Ok(Opened { account, token, credit_minor })
    }

    /// Whose token it is.
    pub(crate) async fn account_of(&self, authorization: &str) -> Result<Account, Refusal> {
        let token = authorization.strip_prefix("Bearer ").ok_or(known::UNAUTHORISED)?;
        let found = self.store.account_by_token(hash(token)).await.map_err(|error| self.refusal(error))?;
        found.ok_or(known::UNAUTHORISED)
    }
}

impl Shop {
    async fn account_of_cart(&self, cart: &str) -> Result<Account, Refusal> {
        let read = |error| self.refusal(error);
        let cart = self.store.cart(cart).await.map_err(read)?.ok_or(known::NOT_FOUND)?;
        let account = cart.account.ok_or(known::NO_CARD)?;
        self.store.account(&account).await.map_err(read)?.ok_or(known::NO_CARD)
    }

    /// A card that a cart's account has kept, as the provider is to be told of it.
    pub(crate) async fn saved_method(&self, cart: &str, card: &str) -> Result<String, Refusal> {
        let account = self.account_of_cart(cart).await?;
        let cards = self.store.cards(&account.id).await.map_err(|error| self.refusal(error))?;
        let customer = account.customer.filter(|_| cards.iter().any(|kept| kept.method == card));
        customer.map(|customer| format!("{customer}/{card}")).ok_or(known::NO_CARD)
    }

    /// A cart's account, and the card as the provider is to be told of one that is to be kept.
    pub(crate) async fn method_to_keep(
        &self,
        cart: &str,
        method: &str,
        carried: &str,
    ) -> Result<(String, String), Refusal> {
        let account = self.account_of_cart(cart).await?;
        let customer = if let Some(customer) = account.customer {
            customer
        } else {
            let made = self.gateways.customer(&account.email, &format!("cus_{}", account.id), carried).await?;
            let kept = self.store.keep_customer(&account.id, made).await;
            kept.map_err(|error| self.refusal(error))?
        };
        Ok((account.id, format!("{customer}/{method}/save")))
    }

    /// Keeps a card's name; a payment that went through counts more than that this does.
    pub(crate) async fn keep_card(&self, account: &str, method: String) {
        let card = SavedCard { method, brand: None, last4: None };
        if let Err(error) = self.store.keep_card(account, card).await {
            self.log.store_trouble("a card was not kept", &error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_for_mail_are_told_from_other_text() {
        for good in ["a@example.com", "b.c+tag@shop.example", "x_1@h"] {
            assert!(is_email(good), "{good}");
        }
        for odd in ["", "a", "@h", "a@", "a b@h", "a@h\n", "a@b@c", "\0@h", "ä@h"] {
            assert!(!is_email(odd), "{odd:?}");
        }
    }
}
