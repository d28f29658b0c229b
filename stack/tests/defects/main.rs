//! Each seeded defect does its harm, and the honest shop in the same trouble does not.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod afterwards;
mod ordering;
mod paying;

use stack::Defect;
use support::Stage;

/// The honest shop, then the one with the defect.
async fn both(defect: Defect) -> [Stage; 2] {
    [Stage::honest().await, Stage::defective(defect).await]
}

/// The same, each told something besides.
async fn both_with(defect: Defect, change: impl Fn(&mut serde_json::Value)) -> [Stage; 2] {
    let honest = Stage::with(&change).await;
    let defective = Stage::with(|config| {
        change(config);
        config["defect"] = defect.slug().into();
    });
    [honest, defective.await]
}

/// How many orders the shop has accepted, once nothing moves.
async fn accepted(stage: &Stage) -> usize {
    stage.until_quiet().await;
    stage.book().await.iter().filter(|line| line["state"] == "fulfilled").count()
}
