//! The program as a whole, as its users run it: real processes, real HTTP, free ports.

mod closed_crowd;
mod footing;
mod harness;
mod laws;
mod mistyped;
mod own_shop;
mod prove;
mod run_clock;
mod whole_run;
