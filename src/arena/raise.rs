//! Raises the arena: starts what the scenario wants started and finds what it says is running.

use super::{Account, Arena, Lease, Links, Member, MemberError, ProvidersAdmin, ShopDoors, configs};
use crate::caller::{CallError, Caller};
use chaos::client::{Client, Error as ProxyError};
use model::fault::Provider;
use model::scenario::{Providers, Scenario, Shop, Webhooks};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::Mutex;

/// How long a call to an interface of ours may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(15);

/// Where to raise an arena.
pub struct Ground<'a> {
    /// The run's id.
    pub run: &'a str,
    /// The binary that plays the other roles.
    pub program: &'a Path,
    /// Where children keep configuration, logs and stores; exists.
    pub directory: PathBuf,
    /// A seeded defect of the reference shop.
    pub defect: Option<&'a str>,
    /// Bearer token for admin interfaces off loopback.
    pub admin_token: Option<String>,
}

/// Why an arena could not be raised.
#[derive(Debug, thiserror::Error)]
pub enum RaiseError {
    /// A child did not start.
    #[error("start the arena")]
    Member(#[from] MemberError),
    /// The fault proxy said no.
    #[error("set up the fault proxy")]
    Proxy(#[from] ProxyError),
    /// The providers said no.
    #[error("lease the provider account")]
    Account(#[from] CallError),
    /// A defect was asked for in a shop that has none.
    #[error("seed a defect: the scenario's shop is not the reference shop")]
    NoDefects,
    /// Certificates cannot be read.
    #[error(transparent)]
    Trust(#[from] crate::engine::TrustError),
}

/// Starts or finds providers, proxies and shop, in this order, and leases the payment account.
pub async fn raise(scenario: &Scenario, ground: Ground<'_>) -> Result<Arena, RaiseError> {
    let authorities = scenario.traffic.connections.authorities.as_deref();
    let caller = Caller::new(CALL_TIMEOUT, ground.admin_token.clone()).trusting(authorities)?;
    let surroundings = match &scenario.providers {
        Providers::Started { listen, webhooks, secret_key } => {
            start_providers(&ground, &caller, listen, webhooks.as_ref(), secret_key).await?
        }
        Providers::Running { admin, proxy, webhooks, secret_key } => {
            let token = ground.admin_token.clone();
            find_providers(&caller, token, admin, proxy.as_ref(), webhooks.as_ref(), secret_key)?
        }
    };
    let shop = match &scenario.shop {
        Shop::Reference(reference) => {
            let around = configs::ShopSurroundings {
                payment: &surroundings.as_the_shop_sees_it(Provider::Payment),
                tax: &surroundings.as_the_shop_sees_it(Provider::Tax),
                warehouse: &surroundings.as_the_shop_sees_it(Provider::Warehouse),
                secret_key: &surroundings.secret_key,
                webhooks: surroundings.webhooks.as_ref(),
                defect: ground.defect,
            };
            let config = configs::shop(reference, &around, &ground.directory);
            let mut member = Member::start(ground.program, "shop", &ground.directory, config).await?;
            let listen = member.address("listen");
            member.pin(&[("listen", listen.clone())])?;
            RaisedShop { url: format!("http://{listen}"), member: Some(member) }
        }
        Shop::Own(_) if ground.defect.is_some() => return Err(RaiseError::NoDefects),
        Shop::Own(own) => RaisedShop { url: own.url.trim_end_matches('/').to_owned(), member: None },
    };
    let publishable_key = surroundings.secret_key.replacen("sk_", "pk_", 1);
    let target = surroundings.webhooks.as_ref().map(|webhooks| {
        let to = &webhooks.to;
        if to.starts_with('/') { format!("{}{to}", shop.url) } else { to.clone() }
    });
    surroundings
        .admin
        .lease_account(&Account {
            key: &surroundings.secret_key,
            publishable: &publishable_key,
            run: ground.run,
            webhooks: target.as_deref().zip(surroundings.webhooks.as_ref()),
        })
        .await?;
    Ok(Arena {
        run: ground.run.to_owned(),
        doors: shop.member.is_some().then(|| ShopDoors::new(caller, shop.url.clone())),
        shop_url: shop.url,
        provider_urls: surroundings.direct,
        publishable_key,
        admin: Some(surroundings.admin),
        links: surroundings.links,
        shop: shop.member.map(Mutex::new),
        providers: surroundings.providers.map(Mutex::new),
        proxy: surroundings.proxy.map(Mutex::new),
        secret_key: surroundings.secret_key,
    })
}

struct RaisedShop {
    url: String,
    member: Option<Member>,
}

/// Everything around the shop.
struct Surroundings {
    admin: ProvidersAdmin,
    direct: BTreeMap<Provider, String>,
    proxied: BTreeMap<Provider, String>,
    links: Option<Links>,
    providers: Option<Member>,
    proxy: Option<Member>,
    webhooks: Option<Webhooks>,
    secret_key: String,
}

impl Surroundings {
    fn as_the_shop_sees_it(&self, provider: Provider) -> String {
        self.proxied.get(&provider).or_else(|| self.direct.get(&provider)).cloned().unwrap_or_default()
    }
}

async fn start_providers(
    ground: &Ground<'_>,
    caller: &Caller,
    listen: &BTreeMap<Provider, String>,
    webhooks: Option<&Webhooks>,
    secret_key: &str,
) -> Result<Surroundings, RaiseError> {
    let config = configs::providers(&ground.directory);
    let mut providers = Member::start(ground.program, "providers", &ground.directory, config).await?;
    let addresses = ["payment", "tax", "warehouse", "admin"].map(|name| (name, providers.address(name)));
    providers.pin(&addresses)?;
    let proxy = Member::start(ground.program, "proxy", &ground.directory, configs::proxy()).await?;
    let client = Client::new(&proxy.address("api"), None)?;
    let (mut direct, mut proxied, mut names) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for provider in Provider::ALL {
        let upstream = providers.address(provider.name());
        if upstream.is_empty() {
            continue;
        }
        let listen = listen.get(&provider).map_or("127.0.0.1:0", String::as_str);
        let address = client.create(provider.name(), listen, &upstream).await?.listen;
        direct.insert(provider, format!("http://{upstream}"));
        proxied.insert(provider, format!("http://{address}"));
        names.insert(provider, provider.name().to_owned());
    }
    Ok(Surroundings {
        admin: ProvidersAdmin::new(caller.clone(), format!("http://{}", providers.address("admin"))),
        direct,
        proxied,
        links: Some(Links { client, api: proxy.address("api"), names, lease: Lease::Renewed }),
        providers: Some(providers),
        proxy: Some(proxy),
        webhooks: webhooks.cloned(),
        secret_key: secret_key.to_owned(),
    })
}

fn find_providers(
    caller: &Caller,
    token: Option<String>,
    admin: &str,
    proxy: Option<&(String, BTreeMap<Provider, String>)>,
    webhooks: Option<&Webhooks>,
    secret_key: &str,
) -> Result<Surroundings, RaiseError> {
    let links = match proxy {
        Some((api, names)) => {
            let client = Client::new(api, token)?;
            Some(Links { client, api: api.clone(), names: names.clone(), lease: Lease::Unknown })
        }
        None => None,
    };
    Ok(Surroundings {
        admin: ProvidersAdmin::new(caller.clone(), admin.trim_end_matches('/').to_owned()),
        direct: BTreeMap::new(),
        proxied: BTreeMap::new(),
        links,
        providers: None,
        proxy: None,
        webhooks: webhooks.cloned(),
        secret_key: secret_key.to_owned(),
    })
}
