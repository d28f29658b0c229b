//! Flags over HTTP: what they are, and flipping one.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Asked, Reply};
use crate::{
    flags::Flag,
    refusal::{Refusal, known},
    shop::Shop,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ValueBody {
    value: Value,
}

pub(super) fn all(shop: &Shop) -> Reply {
    let flags: Map<String, Value> =
        Flag::ALL.into_iter().map(|flag| (flag.name().to_owned(), shop.flags.value(flag))).collect();
    Reply::json(200, Value::Object(flags).to_string())
}

pub(super) fn one(shop: &Shop, name: &str) -> Result<Reply, Refusal> {
    Flag::named(name).map(|flag| told(shop, flag)).ok_or(known::NOT_FOUND)
}

pub(super) async fn flip(shop: &Shop, name: &str, asked: &Asked) -> Result<Reply, Refusal> {
    let ValueBody { value } = asked.json()?;
    let flag = Flag::named(name).ok_or(known::NOT_FOUND)?;
    shop.flip(flag, &value).await?;
    Ok(told(shop, flag))
}

fn told(shop: &Shop, flag: Flag) -> Reply {
    Reply::json(200, json!({"name": flag.name(), "value": shop.flags.value(flag)}).to_string())
}
