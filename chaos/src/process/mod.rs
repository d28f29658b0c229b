//! Child processes of ours: started, watched, harmed on purpose, and never left behind.
//!
//! A child lives in a process group of its own, so that Ctrl-C in a terminal reaches the parent only, and dies by the
//! parent's order. Its standard input is its lifeline: when that closes, however the parent ended, the child ends.

mod lifeline;
mod log;
mod usage;

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

pub use lifeline::lifeline_closed;
use log::{Log, Tail};
pub use usage::Usage;

/// Longest ready line, in bytes.
const READY_BYTES_MAX: u64 = 64 * 1024;
/// How long a killed child may take to be gone; only a process stuck in the kernel takes longer.
const KILL_MAX: Duration = Duration::from_secs(10);

/// What to start, and how.
#[derive(Clone, Debug)]
pub struct Spec {
    /// What errors and reports call it.
    pub name: String,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Variables beside those of this process.
    pub env: Vec<(OsString, OsString)>,
    /// The file that its standard error is appended to.
    pub log: PathBuf,
    /// How long it may take to print its ready line.
    pub ready_within: Duration,
}

/// What went wrong with a child.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Its log could not be opened.
    #[error("open the log {} of {name}", path.display())]
    Log {
        /// The child.
        name: String,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It could not be started.
    #[error("start {name} ({})", program.display())]
    Spawn {
        /// The child.
        name: String,
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It ended before it was ready.
    #[error("start {name}: it ended before it was ready ({status}){tail}")]
    Died {
        /// The child.
        name: String,
        /// How it ended.
        status: ExitStatus,
        /// The end of its log.
        tail: Tail,
    },
    /// It is alive, but said nothing in time.
    #[error("start {name}: no ready line within {within:?}{tail}")]
    NotReady {
        /// The child.
        name: String,
        /// The deadline.
        within: Duration,
        /// The end of its log.
        tail: Tail,
    },
    /// What it said is not JSON.
    #[error("start {name}: its ready line is not JSON: `{line}`{tail}")]
    ReadyLine {
        /// The child.
        name: String,
        /// What it said.
        line: String,
        /// The end of its log.
        tail: Tail,
    },
    /// It has ended, so it can be harmed no more.
    #[error("signal {name}: it has ended")]
    Ended {
        /// The child.
        name: String,
    },
    /// The system refused.
    #[error("{action} {name}")]
    System {
        /// What was tried.
        action: &'static str,
        /// The child.
        name: String,
        /// What the system said.
        source: io::Error,
    },
}

/// A child at work. Dropping it kills it and all that it started.
#[derive(Debug)]
pub struct Process {
    spec: Spec,
    child: Child,
    lifeline: Option<ChildStdin>,
    ready: Value,
}

impl Process {
    /// Starts a child and waits for its ready line: one line of JSON on its standard output.
    pub async fn start(spec: Spec) -> Result<Self, Error> {
        let log = Log::open(&spec)?;
        let mut command = Command::new(&spec.program);
        command.args(&spec.args).envs(spec.env.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log.handle(&spec)?);
        command.process_group(0).kill_on_drop(true);
        let mut child = command.spawn().map_err(|source| Error::Spawn {
            name: spec.name.clone(),
            program: spec.program.clone(),
            source,
        })?;
        let lifeline = child.stdin.take();
        let stdout = child.stdout.take();
        let mut process = Self { spec, child, lifeline, ready: Value::Null };
        if let Some(stdout) = stdout {
            process.ready = process.await_ready(stdout, &log).await?;
        }
        Ok(process)
    }

    async fn await_ready(&mut self, stdout: ChildStdout, log: &Log) -> Result<Value, Error> {
        let name = self.spec.name.clone();
        let within = self.spec.ready_within;
        let mut stdout = BufReader::new(stdout);
        let mut line = Vec::new();
        let mut limited = (&mut stdout).take(READY_BYTES_MAX);
        if !matches!(tokio::time::timeout(within, limited.read_until(b'\n', &mut line)).await, Ok(Ok(_))) {
            return Err(Error::NotReady { name, within, tail: log.tail() });
        }
        if line.is_empty() {
            // The output is closed: it has died, or will in a moment.
            return Err(match tokio::time::timeout(within, self.child.wait()).await {
                Ok(Ok(status)) => Error::Died { name, status, tail: log.tail() },
                Ok(Err(_)) | Err(_) => Error::NotReady { name, within, tail: log.tail() },
            });
        }
        // Nothing more is expected; should it come, it must neither block nor break the child.
        tokio::spawn(async move { tokio::io::copy(&mut stdout, &mut tokio::io::sink()).await });
        serde_json::from_slice(&line).map_err(|_| Error::ReadyLine {
            name,
            line: String::from_utf8_lossy(&line).trim_end().to_owned(),
            tail: log.tail(),
        })
    }

    /// What it said when it was ready.
    #[must_use]
    pub const fn ready(&self) -> &Value {
        &self.ready
    }

    /// Its process id; absent once its end has been seen.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// CPU and memory that it uses; absent when it has ended, or where the system does not tell.
    #[must_use]
    pub fn usage(&self) -> Option<Usage> {
        Usage::of(self.id()?)
    }

    /// SIGKILL, and waits until it is gone. One that has ended already is as good.
    pub async fn kill(&mut self) -> Result<ExitStatus, Error> {
        // A failure here means that it ended just now; otherwise the wait below says so.
        let _ = self.signal(Signal::KILL, "kill");
        let gone = tokio::time::timeout(KILL_MAX, self.wait()).await;
        gone.unwrap_or_else(|_| Err(self.failed("kill", io::ErrorKind::TimedOut.into())))
    }

    /// SIGSTOP: it keeps its sockets and answers nothing. Should this process die meanwhile, the child cannot see its
    /// lifeline close; the kernel then sends SIGHUP and SIGCONT to its orphaned process group, which ends it.
    pub fn pause(&self) -> Result<(), Error> {
        self.signal(Signal::STOP, "pause")
    }

    /// SIGCONT.
    pub fn resume(&self) -> Result<(), Error> {
        self.signal(Signal::CONT, "resume")
    }

    /// Waits until it ends by itself; its lifeline stays open meanwhile.
    pub async fn wait(&mut self) -> Result<ExitStatus, Error> {
        let status = self.child.wait().await;
        status.map_err(|source| self.failed("wait for", source))
    }

    /// Closes the lifeline and waits; kills it when it takes too long. A paused child is resumed first.
    pub async fn stop(&mut self, within: Duration) -> Result<ExitStatus, Error> {
        self.lifeline = None;
        // It fails only for a child that has ended, which the wait will find.
        let _ = self.resume();
        match tokio::time::timeout(within, self.wait()).await {
            Ok(status) => status,
            Err(_) => self.kill().await,
        }
    }

    /// Starts it again, after killing it if it is alive; with other arguments if any are given.
    pub async fn restart(&mut self, args: Option<Vec<OsString>>) -> Result<(), Error> {
        self.kill().await?;
        let mut spec = self.spec.clone();
        if let Some(args) = args {
            spec.args = args;
        }
        *self = Self::start(spec).await?;
        Ok(())
    }

    fn signal(&self, signal: Signal, action: &'static str) -> Result<(), Error> {
        // The id is this child's until its end has been seen, and so is the group that it leads.
        let id = self.id().and_then(|id| Pid::from_raw(id as i32));
        let id = id.ok_or_else(|| Error::Ended { name: self.spec.name.clone() })?;
        rustix::process::kill_process_group(id, signal).map_err(|error| self.failed(action, error.into()))
    }

    fn failed(&self, action: &'static str, source: io::Error) -> Error {
        Error::System { action, name: self.spec.name.clone(), source }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // `kill_on_drop` reaches the child; this reaches what it started. It fails only when nobody is left.
        let _ = self.signal(Signal::KILL, "kill");
    }
}
