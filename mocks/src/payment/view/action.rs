//! What the holder has to do next, as Stripe shows it.

use crate::payment::challenge::Challenge;

#[derive(serde::Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(in crate::payment) enum NextAction<'a> {
    /// The browser goes to the issuer's page and comes back by itself.
    RedirectToUrl { redirect_to_url: Redirect<'a> },
    /// The shop's page shows the issuer's.
    UseStripeSdk { use_stripe_sdk: Sdk<'a> },
}

#[derive(serde::Serialize)]
pub(in crate::payment) struct Redirect<'a> {
    return_url: &'a str,
    url: &'a str,
}

#[derive(serde::Serialize)]
pub(in crate::payment) struct Sdk<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    stripe_js: &'a str,
    source: &'a str,
}

impl<'a> NextAction<'a> {
    pub(super) fn of(challenge: &'a Challenge) -> Self {
        match challenge.return_url.as_deref() {
            Some(return_url) => Self::RedirectToUrl { redirect_to_url: Redirect { return_url, url: &challenge.url } },
            None => Self::UseStripeSdk {
                use_stripe_sdk: Sdk {
                    kind: "three_d_secure_redirect",
                    stripe_js: &challenge.url,
                    source: challenge.url.rsplit('/').next().unwrap_or_default(),
                },
            },
        }
    }
}
