//! Progress as a panel on a terminal. It takes no keys, so that Ctrl-C stays the signal that it is.

use super::Snapshot;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Gauge, Paragraph, Sparkline, Wrap};
use ratatui::{Frame, Terminal, TerminalOptions, Viewport};
use std::io::{self, Stdout};

/// Lines that the panel takes.
const HEIGHT: u16 = 14;

/// A panel below the cursor.
pub struct Panel {
    terminal: Terminal<CrosstermBackend<Stdout>>,
}

impl Panel {
    /// Opens the panel where the cursor stands.
    pub fn open() -> io::Result<Self> {
        let options = TerminalOptions { viewport: Viewport::Inline(HEIGHT) };
        Ok(Self { terminal: Terminal::with_options(CrosstermBackend::new(io::stdout()), options)? })
    }

    /// Draws a snapshot; a terminal that has gone is no error of the run.
    pub fn draw(&mut self, snapshot: &Snapshot) {
        drop(self.terminal.draw(|frame| draw(frame, snapshot)));
    }

    /// Wipes the panel and puts the cursor where it stood: the verdict takes its place.
    pub fn close(mut self) {
        let top = self.terminal.get_frame().area().top();
        drop(self.terminal.clear());
        drop(self.terminal.set_cursor_position((0, top)));
        drop(self.terminal.show_cursor());
    }
}

fn draw(frame: &mut Frame<'_>, snapshot: &Snapshot) {
    let title = format!(" doorbuster · {} ", snapshot.scenario);
    let block = Block::bordered().title(Span::styled(title, Style::new().add_modifier(Modifier::BOLD)));
    let inside = block.inner(frame.area());
    frame.render_widget(block, frame.area());
    let [progress, rates, numbers, faults, laws] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(4),
        Constraint::Length(3),
        Constraint::Length(1),
        Constraint::Min(1),
    ])
    .areas(inside);
    draw_progress(frame, progress, snapshot);
    draw_rates(frame, rates, snapshot);
    draw_numbers(frame, numbers, snapshot);
    draw_faults(frame, faults, snapshot);
    draw_laws(frame, laws, snapshot);
}

fn draw_progress(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot) {
    let (elapsed, duration) = (snapshot.elapsed.as_secs_f64(), snapshot.duration.as_secs_f64());
    let share = if duration > 0.0 { (elapsed / duration).clamp(0.0, 1.0) } else { 0.0 };
    let label = format!("{elapsed:.0} of {duration:.0} s · {}", snapshot.phase);
    let colour = if snapshot.faults.is_empty() { Color::Blue } else { Color::Red };
    frame.render_widget(Gauge::default().ratio(share).label(label).gauge_style(Style::new().fg(colour)), area);
}

fn draw_rates(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot) {
    let [words, bars] = Layout::vertical([Constraint::Length(1), Constraint::Min(1)]).areas(area);
    let text = format!(
        "arrivals  {:.0}/s of {:.0}/s planned   in flight {}   dispatch lag {:.1} ms",
        snapshot.reached_per_second, snapshot.planned_per_second, snapshot.in_flight, snapshot.lag_ms
    );
    frame.render_widget(Paragraph::new(text), words);
    let columns = usize::from(bars.width);
    let latest = &snapshot.begun_by_second[snapshot.begun_by_second.len().saturating_sub(columns)..];
    frame.render_widget(Sparkline::default().data(latest).style(Style::new().fg(Color::Blue)), bars);
}

fn draw_numbers(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot) {
    let count = |name: &'static str, value: u64, colour: Color| {
        let style = if value == 0 { Style::new() } else { Style::new().fg(colour) };
        [Span::raw(name), Span::styled(format!(" {value}   "), style.add_modifier(Modifier::BOLD))]
    };
    let mut orders = vec![Span::raw("orders    ")];
    orders.extend(count("confirmed", snapshot.confirmed, Color::Green));
    orders.extend(count("refused", snapshot.rejected, Color::Yellow));
    orders.extend(count("unknown", snapshot.unknown, Color::Red));
    let lines = vec![Line::raw(""), Line::raw(format!("checkout  {}", snapshot.checkout())), Line::from(orders)];
    frame.render_widget(Paragraph::new(lines), area);
}

fn draw_faults(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot) {
    let line = if snapshot.faults.is_empty() {
        Line::raw("faults    none")
    } else {
        Line::from(vec![Span::raw("faults    "), Span::styled(snapshot.faults.join(", "), Style::new().fg(Color::Red))])
    };
    frame.render_widget(Paragraph::new(line), area);
}

fn draw_laws(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot) {
    let style =
        if snapshot.is_broken() { Style::new().fg(Color::Red).add_modifier(Modifier::BOLD) } else { Style::new() };
    let line = Line::from(vec![Span::raw("laws      "), Span::styled(snapshot.laws(), style)]);
    frame.render_widget(Paragraph::new(line).wrap(Wrap { trim: false }), area);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::{LawSoFar, Standing};
    use ratatui::backend::TestBackend;
    use std::time::Duration;

    fn drawn(snapshot: &Snapshot, columns: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(columns, HEIGHT)).expect("a terminal");
        terminal.draw(|frame| draw(frame, snapshot)).expect("drawn");
        terminal.backend().to_string()
    }

    #[test]
    fn more_broken_laws_than_a_line_holds_are_all_told() {
        let names = ["no_intent_is_charged_twice", "the_settlement_agrees_with_the_orders"];
        let laws = names.map(|name| LawSoFar { name: name.into(), standing: Standing::Broken });
        let text = drawn(&Snapshot { laws: laws.into(), ..Snapshot::default() }, 60);
        assert!(names.iter().all(|name| text.contains(name)), "{text}");
    }

    #[test]
    fn the_panel_names_rate_quantiles_orders_faults_and_laws() {
        let snapshot = Snapshot {
            scenario: "black-friday".into(),
            elapsed: Duration::from_secs(45),
            duration: Duration::from_secs(90),
            phase: "lost-answers".into(),
            faults: vec!["lost-answers".into()],
            planned_per_second: 60.0,
            reached_per_second: 59.0,
            checkout_ms: Some([41.0, 380.0, 900.0]),
            confirmed: 1200,
            begun_by_second: vec![10, 40, 60],
            ..Snapshot::default()
        };
        for columns in [60, 110] {
            let text = drawn(&snapshot, columns);
            for expected in
                ["black-friday", "45 of 90 s", "59/s of 60/s", "p95 380", "confirmed 1200", "faults    lost-answers"]
            {
                assert!(text.contains(expected), "`{expected}` is missing at {columns} columns:\n{text}");
            }
        }
    }
}
