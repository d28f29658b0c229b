//! What a person sees while a run goes on: a live view on a terminal, plain lines elsewhere.

mod lines;
mod panel;
mod snapshot;

pub use snapshot::{LawSoFar, Snapshot, Standing};

use std::io::IsTerminal;
use std::time::Duration;
use tokio::sync::watch;

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// A panel that is drawn anew four times a second.
    Panel,
    /// A line every five seconds.
    Lines,
}

impl View {
    /// A panel on a terminal, lines elsewhere.
    #[must_use]
    pub fn for_terminal() -> Self {
        let fit = std::io::stdout().is_terminal() && std::env::var_os("TERM").is_some_and(|term| term != "dumb");
        if fit { Self::Panel } else { Self::Lines }
    }

    const fn pause(self) -> Duration {
        match self {
            Self::Panel => Duration::from_millis(250),
            Self::Lines => Duration::from_secs(5),
        }
    }
}

/// Columns of the terminal; 100 where there is none.
#[must_use]
pub fn width() -> usize {
    ratatui::crossterm::terminal::size().map_or(100, |(columns, _)| usize::from(columns)).clamp(40, 120)
}

/// Whether colours are wanted: on a terminal, unless `NO_COLOR` is set (<https://no-color.org>).
#[must_use]
pub fn colours() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Shows snapshots until `stop` turns true.
pub async fn show(view: View, mut look: impl FnMut() -> Snapshot, mut stop: watch::Receiver<bool>) {
    let mut panel = match view {
        // A terminal that cannot be drawn on gets lines.
        View::Panel => panel::Panel::open().ok(),
        View::Lines => None,
    };
    let pause = if panel.is_some() { View::Panel.pause() } else { View::Lines.pause() };
    loop {
        let over = tokio::select! {
            () = tokio::time::sleep(pause) => false,
            _ = stop.wait_for(|stop| *stop) => true,
        };
        let snapshot = look();
        match &mut panel {
            Some(panel) => panel.draw(&snapshot),
            None => lines::print(&snapshot),
        }
        if over {
            break;
        }
    }
    if let Some(panel) = panel {
        panel.close();
    }
}
