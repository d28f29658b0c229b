//! Raises the arena: starts what the scenario wants started and finds what it says is running.

use super::{
    Account, Arena, Lease, Links, Member, MemberError, ProvidersAdmin, ShopClock, ShopDoors, ShopStore, configs,
};
use crate::caller::{CallError, Caller};
use chaos::client::{Client, Error as ProxyError};
use model::fault::Provider;
use model::scenario::{Place, ReferenceShop, Scenario, Shop};
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
    #[error("lease the provider accounts")]
    Account(#[from] CallError),
    /// A defect was asked for in a shop that has none.
    #[error("seed a defect: the scenario's shop is not the reference shop")]
    NoDefects,
    /// Certificates cannot be read.
    #[error(transparent)]
    Trust(#[from] crate::engine::TrustError),
}

/// Starts or finds providers, proxies and shop, in this order, and leases the provider accounts.
pub async fn raise(scenario: &Scenario, ground: Ground<'_>) -> Result<Arena, RaiseError> {
    let authorities = scenario.traffic.connections.authorities.as_deref();
    let caller = Caller::new(CALL_TIMEOUT, ground.admin_token.clone()).trusting(authorities)?;
    let surroundings = match &scenario.providers.place {
        Place::Started { listen } => start_providers(&ground, &caller, listen).await?,
        Place::Running { admin, proxy } => find_providers(&caller, ground.admin_token.clone(), admin, proxy.as_ref())?,
    };
    let shop = match &scenario.shop {
        Shop::Reference(reference) => start_shop(&ground, &surroundings, scenario, reference).await?,
        Shop::Own(_) if ground.defect.is_some() => return Err(RaiseError::NoDefects),
        Shop::Own(own) => {
            RaisedShop { urls: vec![own.url.trim_end_matches('/').to_owned()], members: Vec::new(), store: None }
        }
    };
    let of_shop = |to: &str| if to.starts_with('/') { format!("{}{to}", shop.urls[0]) } else { to.to_owned() };
    surroundings
        .admin
        .lease_accounts(&Account { providers: &scenario.providers, run: ground.run, of_shop: &of_shop })
        .await?;
    Ok(Arena {
        run: ground.run.to_owned(),
        doors: (!shop.members.is_empty()).then(|| ShopDoors::new(caller.clone(), shop.urls.clone())),
        clock: (!shop.members.is_empty()).then(|| ShopClock::new(caller, shop.urls.clone())),
        store: shop.store.map(ShopStore::new),
        shop_urls: shop.urls,
        provider_urls: surroundings.direct,
        publishable_key: scenario.providers.publishable_key(),
        admin: Some(surroundings.admin),
        links: surroundings.links,
        shops: shop.members.into_iter().map(Mutex::new).collect(),
        providers: surroundings.providers.map(Mutex::new),
        proxy: surroundings.proxy.map(Mutex::new),
        secret_key: scenario.providers.secret_key.clone(),
    })
}

/// Starts the instances of the reference shop, all on one store; the first one makes it.
async fn start_shop(
    ground: &Ground<'_>,
    surroundings: &Surroundings,
    scenario: &Scenario,
    reference: &ReferenceShop,
) -> Result<RaisedShop, RaiseError> {
    let around = configs::ShopSurroundings {
        addresses: &|provider| surroundings.as_the_shop_sees_it(provider),
        browser_payment: surroundings.direct.get(&Provider::Payment).map_or("", String::as_str),
        providers: &scenario.providers,
        defect: ground.defect,
    };
    let mut config = configs::shop(reference, &around, &ground.directory);
    let store = config["store"].as_str().map(PathBuf::from);
    let mut shop = RaisedShop { urls: Vec::new(), members: Vec::new(), store };
    for instance in 0..reference.instances.max(1) {
        let name = if instance == 0 { "shop".to_owned() } else { format!("shop-{}", instance + 1) };
        let mut member = Member::start(ground.program, "shop", &name, &ground.directory, config.clone()).await?;
        let listen = member.address("listen");
        member.pin(&[("listen", listen.clone())])?;
        shop.urls.push(format!("http://{listen}"));
        shop.members.push(member);
        // What one instance asked a provider for, another one asks for again in the same words: the key stands for these only.
        if config["public_url"].is_null() {
            config["public_url"] = shop.urls[0].clone().into();
        }
    }
    Ok(shop)
}

struct RaisedShop {
    /// One for each instance.
    urls: Vec<String>,
    members: Vec<Member>,
    /// The reference shop's file.
    store: Option<PathBuf>,
}

/// Everything around the shop.
struct Surroundings {
    admin: ProvidersAdmin,
    direct: BTreeMap<Provider, String>,
    proxied: BTreeMap<Provider, String>,
    links: Option<Links>,
    providers: Option<Member>,
    proxy: Option<Member>,
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
) -> Result<Surroundings, RaiseError> {
    let config = configs::providers(&ground.directory);
    let mut providers = Member::start(ground.program, "providers", "providers", &ground.directory, config).await?;
    let names = Provider::ALL.iter().map(|provider| provider.name()).chain(["admin"]);
    let addresses: Vec<(&str, String)> = names.map(|name| (name, providers.address(name))).collect();
    providers.pin(&addresses)?;
    let proxy = Member::start(ground.program, "proxy", "proxy", &ground.directory, configs::proxy()).await?;
    let client = Client::new(&proxy.address("api"), None)?;
    let (mut direct, mut proxied, mut names) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for provider in Provider::ALL {
        let upstream = providers.address(provider.name());
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
    })
}

fn find_providers(
    caller: &Caller,
    token: Option<String>,
    admin: &str,
    proxy: Option<&(String, BTreeMap<Provider, String>)>,
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
    })
}
