//! One direction of one connection: reads, meets the toxics, waits, writes.
//!
//! All its state is kept between polls, so that a change of toxics can interrupt it anywhere without losing a byte.
//! Without toxics the bytes go from socket to socket through one buffer of the thread.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use model::fault::{Ending, Stream};
use model::seed::Seed;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::tcp::{ReadHalf, WriteHalf};

use crate::chain::{Chains, InForce, follow};
use crate::counters::Counters;
use crate::timer::Timer;
use crate::toxics::{Passage, Then};

/// Bytes read at once.
const READ_BYTES: usize = 32 * 1024;
/// Bytes that wait in a direction at most; with a delay of 100 ms this still lets 160 MB/s through.
const QUEUE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Pieces that wait in a direction at most.
const QUEUE_PIECES_MAX: usize = 64 * 1024;
/// Reads in one poll at most, so that one busy connection does not starve the others.
const TURNS_MAX: usize = 16;

thread_local! {
    static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES].into_boxed_slice());
}

/// How a direction comes to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finish {
    /// The end of the stream has been passed on.
    Done,
    /// The receiver takes no more; the other direction may have something left to bring.
    Broken,
    /// The whole connection ends now.
    Connection(Ending),
}

/// Bytes that wait to be written, and what comes after them.
#[derive(Debug)]
struct Piece {
    read_at: Instant,
    delay: Duration,
    bytes: Vec<u8>,
    written: usize,
    then: Then,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Open,
    Ended,
}

enum Step {
    Moved,
    Stuck,
    Finished(Finish),
}

/// One direction of one connection.
pub(crate) struct Direction {
    stream: Stream,
    draws: Seed,
    counters: Arc<Counters>,
    in_force: Vec<InForce>,
    queue: VecDeque<Piece>,
    queued_bytes: usize,
    source: Source,
    finished: Option<Finish>,
    timer: Option<Timer>,
}

impl Direction {
    pub(crate) fn new(stream: Stream, counters: Arc<Counters>, draws: Seed) -> Self {
        Self {
            stream,
            draws: draws.fork(match stream {
                Stream::Upstream => "upstream",
                Stream::Downstream => "downstream",
            }),
            counters,
            in_force: Vec::new(),
            queue: VecDeque::new(),
            queued_bytes: 0,
            source: Source::Open,
            finished: None,
            timer: None,
        }
    }

    /// Follows a change of toxics. Answers how it ends the connection, if it does.
    pub(crate) fn follow(&mut self, chains: &Chains) -> Option<Ending> {
        let ending = follow(&mut self.in_force, chains.of(self.stream), Instant::now(), self.draws);
        for piece in &mut self.queue {
            let effects = self.in_force.iter_mut().filter_map(|toxic| toxic.effect.as_mut());
            piece.delay = effects.map(crate::toxics::Effect::delay).sum();
        }
        ending
    }

    /// Carries bytes until it has to wait, or is at its end.
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut ReadHalf<'_>,
        to: &mut WriteHalf<'_>,
    ) -> Poll<Finish> {
        if let Some(finish) = self.finished {
            return Poll::Ready(finish);
        }
        for _ in 0..TURNS_MAX {
            if let Some(finish) = self.ended_by_toxic() {
                return self.finish(finish);
            }
            let sent = match self.send(cx, to) {
                Step::Finished(finish) => return self.finish(finish),
                step => step,
            };
            let received = match self.receive(cx, from, to) {
                Step::Finished(finish) => return self.finish(finish),
                step => step,
            };
            if matches!((sent, received), (Step::Stuck, Step::Stuck)) && self.wait(cx).is_pending() {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn finish(&mut self, finish: Finish) -> Poll<Finish> {
        self.finished = Some(finish);
        self.queue.clear();
        Poll::Ready(finish)
    }

    fn ended_by_toxic(&self) -> Option<Finish> {
        let (at, ending) = self.next_ending()?;
        (at <= Instant::now()).then_some(Finish::Connection(ending))
    }

    fn next_ending(&self) -> Option<(Instant, Ending)> {
        let effects = self.in_force.iter().filter_map(|toxic| toxic.effect.as_ref());
        effects.filter_map(crate::toxics::Effect::ends).min_by_key(|(at, _)| *at)
    }

    /// Writes what is due.
    fn send(&mut self, cx: &mut Context<'_>, to: &mut WriteHalf<'_>) -> Step {
        let mut step = Step::Stuck;
        while let Some(piece) = self.queue.front_mut() {
            if !piece.delay.is_zero() && piece.read_at + piece.delay > Instant::now() {
                break;
            }
            while piece.written < piece.bytes.len() {
                match Pin::new(&mut *to).poll_write(cx, &piece.bytes[piece.written..]) {
                    Poll::Ready(Ok(count)) => {
                        piece.written += count;
                        self.queued_bytes -= count;
                        self.counters.traffic(self.stream).sent_bytes.add(count as u64);
                        step = Step::Moved;
                    }
                    Poll::Ready(Err(_)) => return Step::Finished(Finish::Broken),
                    Poll::Pending => return step,
                }
            }
            match piece.then {
                Then::More => {}
                Then::End => return end(cx, to),
                Then::Close => return Step::Finished(Finish::Connection(Ending::Fin)),
            }
            self.queue.pop_front();
        }
        step
    }

    /// Reads once, where there is room, and passes on or queues what was read.
    fn receive(&mut self, cx: &mut Context<'_>, from: &mut ReadHalf<'_>, to: &mut WriteHalf<'_>) -> Step {
        if self.source == Source::Ended || !self.has_room() {
            return Step::Stuck;
        }
        BUFFER.with_borrow_mut(|buffer| {
            let mut read = ReadBuf::new(buffer);
            match Pin::new(from).poll_read(cx, &mut read) {
                Poll::Pending => Step::Stuck,
                Poll::Ready(Err(_)) => Step::Finished(Finish::Connection(Ending::Rst)),
                Poll::Ready(Ok(())) => self.accept(cx, read.filled(), to),
            }
        })
    }

    fn has_room(&self) -> bool {
        // Only a delay may let bytes pile up; otherwise a slow receiver slows its sender down.
        self.queue.is_empty()
            || (!self.in_force.is_empty()
                && self.queued_bytes < QUEUE_BYTES_MAX
                && self.queue.len() < QUEUE_PIECES_MAX
                && self.queue.back().is_some_and(|piece| !piece.delay.is_zero()))
    }

    fn accept(&mut self, cx: &mut Context<'_>, bytes: &[u8], to: &mut WriteHalf<'_>) -> Step {
        self.counters.traffic(self.stream).received_bytes.add(bytes.len() as u64);
        let then = if bytes.is_empty() { Then::End } else { Then::More };
        let passage = self.through_toxics(bytes.len(), then);
        if bytes.is_empty() || passage.then != Then::More {
            self.source = Source::Ended;
        }
        let bytes = &bytes[..passage.bytes];
        if self.queue.is_empty() && passage.delay.is_zero() && passage.then == Then::More {
            return self.pass_on(cx, bytes, passage.read_at, to);
        }
        self.enqueue(bytes, &passage);
        Step::Moved
    }

    fn through_toxics(&mut self, bytes: usize, then: Then) -> Passage {
        let mut passage = Passage { read_at: Instant::now(), bytes, delay: Duration::ZERO, then };
        for toxic in &mut self.in_force {
            if let Some(effect) = &mut toxic.effect {
                toxic.toxic.tally.bytes.add(passage.bytes as u64);
                effect.meet(&mut passage);
            }
        }
        passage
    }

    /// Writes straight from the buffer; only what the socket does not take is copied.
    fn pass_on(&mut self, cx: &mut Context<'_>, bytes: &[u8], read_at: Instant, to: &mut WriteHalf<'_>) -> Step {
        if bytes.is_empty() {
            return Step::Moved;
        }
        let written = match Pin::new(to).poll_write(cx, bytes) {
            Poll::Ready(Ok(count)) => count,
            Poll::Ready(Err(_)) => return Step::Finished(Finish::Broken),
            Poll::Pending => 0,
        };
        self.counters.traffic(self.stream).sent_bytes.add(written as u64);
        if written < bytes.len() {
            let rest = Passage { read_at, bytes: bytes.len() - written, delay: Duration::ZERO, then: Then::More };
            self.enqueue(&bytes[written..], &rest);
        }
        Step::Moved
    }

    fn enqueue(&mut self, bytes: &[u8], passage: &Passage) {
        if bytes.is_empty() && passage.then == Then::More {
            return;
        }
        self.queued_bytes += bytes.len();
        self.queue.push_back(Piece {
            read_at: passage.read_at,
            delay: passage.delay,
            bytes: bytes.to_vec(),
            written: 0,
            then: passage.then,
        });
    }

    /// Sets the timer to what comes next by itself; ready when that is now.
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let now = Instant::now();
        // A piece that is due waits for its receiver, who wakes us.
        let due = self.queue.front().map(|piece| piece.read_at + piece.delay).filter(|due| *due > now);
        let ends = self.next_ending().map(|(at, _)| at);
        match due.into_iter().chain(ends).min() {
            None => Poll::Pending,
            Some(at) => self.timer.get_or_insert_with(|| Timer::new(at)).poll_at(cx, at),
        }
    }
}

/// Passes the end of the stream on; the other direction stays open.
fn end(cx: &mut Context<'_>, to: &mut WriteHalf<'_>) -> Step {
    let shut: Poll<io::Result<()>> = Pin::new(to).poll_shutdown(cx);
    match shut {
        Poll::Ready(Ok(())) => Step::Finished(Finish::Done),
        Poll::Ready(Err(_)) => Step::Finished(Finish::Broken),
        Poll::Pending => Step::Stuck,
    }
}
