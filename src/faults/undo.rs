//! The way back from a fault, as the run file keeps it: what `heal` does after a run's death.

use super::HarmError;
use crate::arena::{ProvidersAdmin, ShopClock};
use crate::caller::Caller;
use chaos::client::Client;
use model::fault::Toxic;
use serde::{Deserialize, Serialize};

/// What undoes a fault on a server that may outlive the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Undo {
    /// Deletes a provider's rule.
    Rule {
        /// The providers' admin interface.
        admin: String,
        /// Name of the rule.
        id: String,
    },
    /// Deletes a rule of a link.
    LinkRule {
        /// The proxy's interface.
        api: String,
        /// Name of the proxy.
        proxy: String,
        /// Name of the rule.
        id: String,
    },
    /// Removes a toxic, or enables a proxy that is down.
    Toxic {
        /// The proxy's interface.
        api: String,
        /// Name of the proxy.
        proxy: String,
        /// Name of the toxic.
        name: String,
        /// What it was.
        toxic: Toxic,
    },
    /// Puts the shop's clock right.
    Clock {
        /// Base addresses of the shop's instances; never empty.
        shops: Vec<String>,
    },
}

impl Undo {
    /// As the run file keeps it.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("names and addresses are plain data")
    }

    /// Where it is done, for people.
    #[must_use]
    pub fn place(&self) -> &str {
        match self {
            Self::Rule { admin, .. } => admin,
            Self::Toxic { api, .. } | Self::LinkRule { api, .. } => api,
            Self::Clock { shops } => &shops[0],
        }
    }

    /// Does it; what is gone already is fine.
    pub async fn carry_out(&self, caller: &Caller, token: Option<&str>) -> Result<(), HarmError> {
        match self {
            Self::Rule { admin, id } => Ok(ProvidersAdmin::new(caller.clone(), admin.clone()).delete_rule(id).await?),
            Self::LinkRule { api, proxy, id } => {
                Ok(Client::new(api, token.map(str::to_owned))?.remove_rule(proxy, id).await?)
            }
            Self::Toxic { api, proxy, name, toxic } => {
                Ok(Client::new(api, token.map(str::to_owned))?.remove(proxy, name, toxic).await?)
            }
            Self::Clock { shops } => Ok(ShopClock::new(caller.clone(), shops.clone()).put_right().await?),
        }
    }
}
