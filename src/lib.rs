//! The hands of Doorbuster: everything that touches the world. The shop that comes with it is only known to the binary.

pub mod arena;
pub mod caller;
pub mod crowd;
pub mod engine;
pub mod faults;
pub mod judgement;
pub mod live;
pub mod prove;
pub mod reference;
pub mod run;
