//! Rules on a proxy, and all faults of a run at one instant.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::fault::LinkRule;
use serde_json::Value;

use crate::chain::Chains;
use crate::door::{Door, begin_to_shut};
use crate::proxy::{OpenOnes, Proxy, State};
use crate::refused::Refused;
use crate::registry::{LastSet, Registry};
use crate::rules::{Rule, check};
use crate::wire;

impl Proxy {
    /// Its rules, with what they met.
    pub(crate) async fn rules(&self) -> Vec<wire::Rule> {
        self.state.lock().await.chains.rules.iter().map(|rule| show(rule)).collect()
    }

    /// The rule of this name.
    pub(crate) async fn rule(&self, id: &str) -> Result<wire::Rule, Refused> {
        let state = self.state.lock().await;
        state.chains.rules.iter().find(|rule| rule.terms.id == id).map(|rule| show(rule)).ok_or(Refused::RuleNotFound)
    }

    /// Adds a rule, or replaces the one of its name; whether it is new. An equal one stays as it is.
    pub(crate) async fn put_rule(&self, json: Value, open_ones: OpenOnes) -> Result<(wire::Rule, bool), Refused> {
        let rule = self.rule_of(json, open_ones)?;
        let mut state = self.state.lock().await;
        let known = state.chains.rules.iter().position(|known| known.terms.id == rule.terms.id);
        if let Some(known) = known.map(|at| &state.chains.rules[at]).filter(|known| known.terms == rule.terms) {
            return Ok((show(known), false));
        }
        let shown = show(&rule);
        state.edit(|chains| {
            self.close_if(open_ones, chains);
            match known {
                Some(at) => chains.rules[at] = Arc::new(rule),
                None => chains.rules.push(Arc::new(rule)),
            }
        });
        Ok((shown, known.is_none()))
    }

    /// Removes a rule; what it held is let go.
    pub(crate) async fn remove_rule(&self, id: &str) -> Result<(), Refused> {
        let mut state = self.state.lock().await;
        if !state.chains.rules.iter().any(|rule| rule.terms.id == id) {
            return Err(Refused::RuleNotFound);
        }
        state.edit(|chains| chains.rules.retain(|rule| rule.terms.id != id));
        Ok(())
    }

    fn rule_of(&self, json: Value, open_ones: OpenOnes) -> Result<Rule, Refused> {
        let rule: LinkRule = serde_json::from_value(json)?;
        if let Some(wrong) = check(&rule) {
            return Err(Refused::BadRule(wrong));
        }
        let tally = self.counters.rule_tally(&rule.id);
        Ok(Rule::new(rule, self.since(open_ones), tally))
    }

    /// The faults that take the place of `before`; those that stay the same go on as they are.
    fn chains_of(
        &self,
        before: &Chains,
        run: &str,
        faults: &wire::ProxyFaults,
        open_ones: OpenOnes,
    ) -> Result<Chains, Refused> {
        let mut chains = before.emptied();
        self.close_if(open_ones, &mut chains);
        for new in &faults.toxics {
            let mut toxic = self.toxic_of(new, open_ones)?;
            if chains.named(&toxic.name).is_some() {
                return Err(Refused::ToxicExists);
            }
            let known = before.named(&toxic.name).filter(|known| known.stream == toxic.stream);
            let toxic = match known.filter(|known| known.attributes.kind() == toxic.attributes.kind()) {
                Some(known)
                    if known.attributes == toxic.attributes && known.toxicity.to_bits() == toxic.toxicity.to_bits() =>
                {
                    Arc::clone(known)
                }
                Some(known) => {
                    (toxic.id, toxic.since) = (known.id, known.since);
                    Arc::new(toxic)
                }
                None => Arc::new(toxic),
            };
            chains.of_mut(toxic.stream).push(toxic);
        }
        let mut ids = BTreeSet::new();
        for json in &faults.rules {
            let mut json = json.clone();
            if let Value::Object(fields) = &mut json {
                fields.entry("run").or_insert_with(|| Value::String(run.to_owned()));
            }
            let rule = self.rule_of(json, open_ones)?;
            if rule.terms.run != run {
                return Err(Refused::BadRule("a rule of another run"));
            }
            if !ids.insert(rule.terms.id.clone()) {
                return Err(Refused::BadRule("two rules of one `id`"));
            }
            let known = before.rules.iter().find(|known| known.terms == rule.terms);
            chains.rules.push(known.map_or_else(|| Arc::new(rule), Arc::clone));
        }
        Ok(chains)
    }
}

fn show(rule: &Rule) -> wire::Rule {
    wire::Rule { counters: rule.tally.show(), rule: rule.terms.clone() }
}

/// A proxy that is about to change, locked until it has.
struct Change<'p> {
    proxy: &'p Proxy,
    state: tokio::sync::MutexGuard<'p, State>,
    chains: Arc<Chains>,
    enabled: bool,
}

impl Registry {
    /// Replaces all faults of a run: all of them, or none when one cannot be.
    pub(crate) async fn set_faults(&self, faults: &wire::Faults, open_ones: OpenOnes) -> Result<(), Refused> {
        let healed = wire::ProxyFaults::default();
        let mut names: BTreeSet<&str> = faults.proxies.keys().map(String::as_str).collect();
        let before = {
            let last = self.last_set.lock();
            if last.run == faults.run { last.proxies.clone() } else { BTreeSet::new() }
        };
        // A proxy that is gone needs no healing.
        names.extend(before.iter().map(String::as_str).filter(|name| self.get(name).is_ok()));
        let mut proxies = Vec::with_capacity(names.len());
        for name in names {
            proxies.push((self.get(name)?, faults.proxies.get(name).unwrap_or(&healed)));
        }
        let mut changes = Vec::with_capacity(proxies.len());
        // In the order of their names, so that two sets do not wait for each other.
        for (proxy, faults_of_proxy) in &proxies {
            let state = proxy.state.lock().await;
            let chains = proxy.chains_of(&state.chains, &faults.run, faults_of_proxy, open_ones)?;
            changes.push(Change { proxy, state, chains: Arc::new(chains), enabled: faults_of_proxy.enabled });
        }
        apply(changes).await?;
        let proxies = faults.proxies.keys().cloned().collect();
        *self.last_set.lock() = LastSet { run: faults.run.clone(), proxies };
        Ok(())
    }
}

/// First what may fail, then, without waiting in between, what cannot.
async fn apply(mut changes: Vec<Change<'_>>) -> Result<(), Refused> {
    for change in changes.iter_mut().filter(|change| change.enabled) {
        change.state.reserve().await?;
    }
    let mut opened = Vec::new();
    let mut failed = None;
    for (at, change) in changes.iter_mut().enumerate().filter(|(_, change)| change.enabled) {
        let was_shut = matches!(change.state.door, Door::Shut { .. });
        if let Err(refused) = change.proxy.open_under(&mut change.state, &change.chains) {
            failed = Some(refused);
            break;
        }
        if was_shut {
            opened.push(at);
        }
    }
    if let Some(refused) = failed {
        for at in opened {
            let state = &mut changes[at].state;
            state.door = begin_to_shut(std::mem::replace(&mut state.door, Door::Shut { reserved: None })).shut().await;
        }
        return Err(refused);
    }
    let mut shutting = Vec::new();
    for mut change in changes {
        change.state.set(change.chains);
        if !change.enabled {
            let door = std::mem::replace(&mut change.state.door, Door::Shut { reserved: None });
            shutting.push((begin_to_shut(door), change.state));
        }
    }
    for (door, mut state) in shutting {
        state.door = door.shut().await;
    }
    Ok(())
}
