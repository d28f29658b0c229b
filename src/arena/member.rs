//! A child process of the run: the binary itself in another role, with its configuration and its log.

use chaos::process::{Error, Process, Spec};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A child may take this long until it is ready: a start on a cold disk, or a recovery.
const READY_WITHIN: Duration = Duration::from_secs(20);

/// How long a child has to end in good order.
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// A child process and how to start it again as it was.
pub struct Member {
    name: String,
    log: PathBuf,
    config_path: PathBuf,
    config: Value,
    process: Process,
    cpu_s_before: f64,
    life: Life,
}

/// Whether a child is meant to be alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Alive,
    Ended,
}

impl Member {
    /// Starts `program role --config FILE`; configuration and log stand in `directory` under `name`.
    pub async fn start(
        program: &Path,
        role: &'static str,
        name: &str,
        directory: &Path,
        config: Value,
    ) -> Result<Self, MemberError> {
        let config_path = directory.join(format!("{name}.json"));
        let log = directory.join(format!("{name}.log"));
        write(&config_path, &config)?;
        let spec = Spec {
            name: name.into(),
            program: program.into(),
            args: vec![role.into(), "--config".into(), config_path.clone().into()],
            env: Vec::new(),
            log: log.clone(),
            ready_within: READY_WITHIN,
        };
        let process = Process::start(spec).await?;
        Ok(Self { name: name.into(), log, config_path, config, process, cpu_s_before: 0.0, life: Life::Alive })
    }

    /// An address of its ready line: `listen`, `payment`, `admin`, …
    #[must_use]
    pub fn address(&self, name: &str) -> String {
        self.process.ready()[name].as_str().unwrap_or_default().to_owned()
    }

    /// Pins addresses, so that they come back where they were: members of the configuration and their values.
    pub fn pin(&mut self, addresses: &[(&str, String)]) -> Result<(), MemberError> {
        for (name, address) in addresses {
            self.config[*name] = Value::String(address.clone());
        }
        write(&self.config_path, &self.config)
    }

    /// SIGKILL, and waits for the end.
    pub async fn kill(&mut self) -> Result<(), MemberError> {
        self.cpu_s_before = self.cpu_seconds().unwrap_or(self.cpu_s_before);
        self.life = Life::Ended;
        self.process.kill().await?;
        Ok(())
    }

    /// Starts it again, as it was.
    pub async fn restart(&mut self) -> Result<(), MemberError> {
        self.process.restart(None).await?;
        self.life = Life::Alive;
        Ok(())
    }

    /// SIGSTOP.
    pub fn pause(&self) -> Result<(), MemberError> {
        Ok(self.process.pause()?)
    }

    /// SIGCONT.
    pub fn resume(&self) -> Result<(), MemberError> {
        Ok(self.process.resume()?)
    }

    /// Ends it in good order, or else by force.
    pub async fn stop(&mut self) -> Result<(), MemberError> {
        self.life = Life::Ended;
        self.process.stop(STOP_WITHIN).await?;
        Ok(())
    }

    /// Processor time of all its lives, in seconds; none where the system does not tell.
    #[must_use]
    pub fn cpu_seconds(&self) -> Option<f64> {
        match self.life {
            Life::Alive => Some(self.cpu_s_before + self.process.usage()?.cpu_s),
            Life::Ended => Some(self.cpu_s_before),
        }
    }

    /// Resident memory, in bytes; none while it is down, or where the system does not tell.
    #[must_use]
    pub fn resident_bytes(&self) -> Option<u64> {
        (self.life == Life::Alive).then(|| self.process.usage()).flatten().map(|usage| usage.resident_bytes)
    }

    /// How it ended, if nobody asked it to.
    pub async fn unexpected_end(&mut self) -> Option<String> {
        if self.life == Life::Ended {
            return None;
        }
        // One look, no wait: a child that is alive leaves the future pending.
        let status = tokio::time::timeout(Duration::ZERO, self.process.wait()).await.ok()?.ok()?;
        self.life = Life::Ended;
        Some(format!("the {} ended unasked ({status}); its log is {}", self.name, self.log.display()))
    }
}

/// What went wrong with a child.
#[derive(Debug, thiserror::Error)]
pub enum MemberError {
    /// Its configuration could not be written.
    #[error("write configuration `{path}`")]
    Config {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The supervisor failed.
    #[error(transparent)]
    Process(#[from] Error),
}

fn write(path: &Path, config: &Value) -> Result<(), MemberError> {
    std::fs::write(path, format!("{config:#}\n")).map_err(|source| MemberError::Config { path: path.into(), source })
}
