//! The child's side of the lifeline.

use std::fs::File;
use std::future::pending;
use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::fs::FileTypeExt;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

/// Resolves when this process is to end: its standard input has come to its end, or SIGTERM or SIGINT arrived.
///
/// Signals are caught from the call on, so call it before the ready line is printed, and await it after that. It must
/// be called within a runtime.
///
/// Only a pipe or a socket is a lifeline. With any other standard input, as under a service manager, in a container or
/// in a terminal's background, only signals end the wait.
pub fn lifeline_closed() -> impl Future<Output = ()> + Send {
    let mut terminated = signal(SignalKind::terminate()).ok();
    let mut interrupted = signal(SignalKind::interrupt()).ok();
    async move {
        tokio::select! {
            () = input_ended() => {}
            () = arrived(&mut terminated) => {}
            () = arrived(&mut interrupted) => {}
        }
    }
}

async fn arrived(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => pending().await,
    }
}

async fn input_ended() {
    let Some(mut input) = lifeline() else {
        return pending().await;
    };
    let (ended, end) = oneshot::channel::<()>();
    // A thread of its own: a read that never returns must not hold up the end of the runtime.
    std::thread::spawn(move || {
        let mut ignored = [0; 256];
        while matches!(input.read(&mut ignored), Ok(1..)) {}
        drop(ended);
    });
    let _ = end.await;
}

fn lifeline() -> Option<File> {
    let input = File::from(std::io::stdin().as_fd().try_clone_to_owned().ok()?);
    let kind = input.metadata().ok()?.file_type();
    (kind.is_fifo() || kind.is_socket()).then_some(input)
}
