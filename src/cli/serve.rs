//! `doorbuster shop`, `providers`, `proxy`: the servers, as children of a run or on their own.

use clap::Args;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Serve until a termination signal comes, or a pipe at standard input closes
///
/// Prints one line of JSON with the addresses when ready. Addresses with port 0 let the system choose.
#[derive(Args)]
pub struct Serve {
    /// JSON file with the configuration
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// Which server.
#[derive(Clone, Copy)]
pub enum Role {
    /// The reference shop.
    Shop,
    /// The provider simulators.
    Providers,
    /// The fault proxy.
    Proxy,
}

/// Why a server did not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// No configuration.
    #[error("read configuration `{path}`")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not a configuration.
    #[error("use configuration `{path}`: {source}")]
    Unusable {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// The system gives no threads or no event queue.
    #[error("start")]
    Runtime(#[from] std::io::Error),
    /// The shop did not start.
    #[error(transparent)]
    Shop(#[from] stack::Error),
    /// The providers did not start.
    #[error(transparent)]
    Providers(#[from] mocks::Error),
    /// The proxy did not start.
    #[error(transparent)]
    Proxy(#[from] chaos::Error),
}

impl Serve {
    pub fn execute(self, role: Role) -> ExitCode {
        match self.serve(role) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error @ (ServeError::Unreadable { .. } | ServeError::Unusable { .. })) => {
                super::failed(super::USAGE, &error)
            }
            Err(error) => super::failed(super::HARNESS, &error),
        }
    }

    fn serve(&self, role: Role) -> Result<(), ServeError> {
        // One thread each: on a machine that carries a whole arena, waking a second one costs more than it gives.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            // From here on a signal ends the server in good order, also before it is ready.
            let told_to_end = chaos::process::lifeline_closed();
            match role {
                Role::Shop => {
                    let running = stack::serve(read(&self.config)?).await?;
                    announce(&running.ready_line());
                    told_to_end.await;
                    running.stop().await;
                }
                Role::Providers => {
                    let running = mocks::serve(read(&self.config)?).await?;
                    announce(&running.ready_line());
                    told_to_end.await;
                    running.stop().await;
                }
                Role::Proxy => {
                    let running = chaos::serve(read(&self.config)?).await?;
                    announce(&running.ready_line());
                    told_to_end.await;
                    running.stop().await;
                }
            }
            Ok(())
        })
    }
}

fn read<Config: DeserializeOwned>(path: &Path) -> Result<Config, ServeError> {
    let text = std::fs::read_to_string(path).map_err(|source| ServeError::Unreadable { path: path.into(), source })?;
    serde_json::from_str(&text).map_err(|source| ServeError::Unusable { path: path.into(), source })
}

#[expect(clippy::print_stdout, reason = "the ready line is what standard output is for")]
fn announce(ready: &serde_json::Value) {
    println!("{ready}");
}
