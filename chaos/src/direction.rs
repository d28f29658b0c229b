//! One direction of one connection: reads, meets rules and toxics, waits, writes.
//!
//! All its state is kept between polls, so that a change of faults can interrupt it anywhere without losing a byte.
//! Without faults the bytes go from socket to socket through one buffer of the thread.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use model::fault::{Ending, Stream};
use model::seed::Seed;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::tcp::{ReadHalf, WriteHalf};

use crate::chain::{Chains, InForce, follow};
use crate::counters::Counters;
use crate::http::{Flow, Segment, Watch};
use crate::queue::{Chunk, Queue};
use crate::timer::Timer;
use crate::toxics::{Effect, Passage, Slice, Then};

/// Bytes read at once.
const READ_BYTES: usize = 32 * 1024;
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

/// The two sockets of a direction, and what watches over them.
pub(crate) struct Ends<'p, 's> {
    pub from: &'p mut ReadHalf<'s>,
    pub to: &'p mut WriteHalf<'s>,
    pub watch: &'p mut Watch,
}

/// One direction of one connection.
pub(crate) struct Direction {
    stream: Stream,
    draws: Seed,
    /// The connection's number.
    nth: u64,
    counters: Arc<Counters>,
    in_force: Vec<InForce>,
    queue: Queue,
    source: Source,
    finished: Option<Finish>,
    timer: Option<Timer>,
    /// Rises with everything that is read or written.
    moves: u64,
}

impl Direction {
    pub(crate) fn new(stream: Stream, counters: Arc<Counters>, draws: Seed, nth: u64) -> Self {
        Self {
            stream,
            draws: draws.fork(match stream {
                Stream::Upstream => "upstream",
                Stream::Downstream => "downstream",
            }),
            nth,
            counters,
            in_force: Vec::new(),
            queue: Queue::default(),
            source: Source::Open,
            finished: None,
            timer: None,
            moves: 0,
        }
    }

    /// Follows a change of faults. Answers how it ends the connection, if it does.
    pub(crate) fn follow(&mut self, chains: &Chains, watch: &Watch) -> Option<Ending> {
        let now = Instant::now();
        let toxics = chains.of(self.stream).iter().filter(|toxic| toxic.since <= self.nth);
        let ending = follow(&mut self.in_force, toxics, now, self.draws);
        for effect in effects(&mut self.in_force) {
            effect.restart(now);
        }
        for chunk in self.queue.iter_mut() {
            chunk.holds.retain(|hold| watch.has_rule(hold.rule));
            let mut passage = chunk.passage();
            for effect in effects(&mut self.in_force) {
                effect.pace(&mut passage);
            }
            chunk.follow(passage);
            chunk.is_kept = true;
        }
        ending
    }

    /// How far it has come: a number that rises with everything that is read or written, and whether a fault holds it up.
    pub(crate) fn progress(&self) -> (u64, bool) {
        (self.moves, self.queue.due_after(Instant::now()).is_some())
    }

    /// Carries bytes until it has to wait, or is at its end.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, ends: &mut Ends<'_, '_>) -> Poll<Finish> {
        let due = ends.watch.take_due(self.stream);
        if let Some(finish) = self.finished {
            if finish == Finish::Broken {
                self.drain(cx, ends.from);
            }
            return Poll::Ready(finish);
        }
        if !due.is_empty() {
            self.enqueue(due);
        }
        for _ in 0..TURNS_MAX {
            // One instant for the whole turn: what is not yet due when it is to be sent must still be so when we set the timer.
            let now = Instant::now();
            if let Some(finish) = self.ended_by_toxic(now) {
                return self.finish(cx, finish);
            }
            let sent = match self.send(cx, now, ends) {
                Step::Finished(finish) => return self.finish(cx, finish),
                step => step,
            };
            let received = match self.receive(cx, now, ends) {
                Step::Finished(finish) => return self.finish(cx, finish),
                step => step,
            };
            if matches!((sent, received), (Step::Stuck, Step::Stuck)) && self.wait(cx, now).is_pending() {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn finish(&mut self, cx: &Context<'_>, finish: Finish) -> Poll<Finish> {
        if finish == Finish::Broken {
            // What is still read is drained from the next poll on.
            cx.waker().wake_by_ref();
        }
        self.finished = Some(finish);
        self.queue.clear();
        Poll::Ready(finish)
    }

    /// Reads what nobody takes any more: a sender that is kept waiting would not take what the other direction still has.
    fn drain(&mut self, cx: &mut Context<'_>, from: &mut ReadHalf<'_>) {
        for _ in 0..TURNS_MAX {
            if self.source == Source::Ended {
                return;
            }
            let read = BUFFER.with_borrow_mut(|buffer| {
                let mut read = ReadBuf::new(buffer);
                Pin::new(&mut *from).poll_read(cx, &mut read).map_ok(|()| read.filled().len())
            });
            match read {
                Poll::Pending => return,
                Poll::Ready(Ok(1..)) => self.moves += 1,
                Poll::Ready(_) => self.source = Source::Ended,
            }
        }
        cx.waker().wake_by_ref();
    }

    fn ended_by_toxic(&self, now: Instant) -> Option<Finish> {
        let (at, ending) = self.next_ending()?;
        (at <= now).then_some(Finish::Connection(ending))
    }

    fn next_ending(&self) -> Option<(Instant, Ending)> {
        let effects = self.in_force.iter().filter_map(|toxic| toxic.effect.as_ref());
        effects.filter_map(Effect::ends).min_by_key(|(at, _)| *at)
    }

    /// When the toxics have room for more, if that is still to come.
    fn room_after(&self, now: Instant) -> Option<Instant> {
        let effects = self.in_force.iter().filter_map(|toxic| toxic.effect.as_ref());
        effects.filter_map(Effect::room_from).max().filter(|from| *from > now)
    }

    /// Writes what is due.
    fn send(&mut self, cx: &mut Context<'_>, now: Instant, ends: &mut Ends<'_, '_>) -> Step {
        let mut step = Step::Stuck;
        while let Some(chunk) = self.queue.front_mut() {
            if chunk.due_at() > now {
                break;
            }
            if let Some(slice) = chunk.slices.front().copied() {
                let bytes = &chunk.bytes[chunk.written..chunk.written + slice.bytes];
                let count = match Pin::new(&mut *ends.to).poll_write(cx, bytes) {
                    Poll::Ready(Ok(count @ 1..)) => count,
                    Poll::Ready(_) => return Step::Finished(Finish::Broken),
                    Poll::Pending => {
                        chunk.is_kept = true;
                        return step;
                    }
                };
                step = Step::Moved;
                note_written(chunk, slice, count, &self.counters);
                self.queue.note_written(count);
                self.counters.traffic(self.stream).sent_bytes.add(count as u64);
                self.moves += 1;
                continue;
            }
            match chunk.then {
                Then::More => {}
                Then::End => return end(cx, ends.to),
                Then::Close(ending) => return Step::Finished(Finish::Connection(ending)),
            }
            let receipt = self.queue.pop().and_then(|chunk| chunk.receipt);
            if let Some(receipt) = receipt.filter(|_| ends.watch.client_listens()) {
                receipt.delivered();
            }
        }
        step
    }

    /// Reads once, where there is room, and passes on or queues what was read.
    fn receive(&mut self, cx: &mut Context<'_>, now: Instant, ends: &mut Ends<'_, '_>) -> Step {
        if self.source == Source::Ended || !self.has_room(now) {
            return Step::Stuck;
        }
        BUFFER.with_borrow_mut(|buffer| {
            let mut read = ReadBuf::new(buffer);
            match Pin::new(&mut *ends.from).poll_read(cx, &mut read) {
                Poll::Pending => Step::Stuck,
                Poll::Ready(Err(_)) => Step::Finished(Finish::Connection(Ending::Rst)),
                Poll::Ready(Ok(())) => self.accept(cx, read.filled(), ends),
            }
        })
    }

    fn has_room(&self, now: Instant) -> bool {
        self.queue.has_room(now) && self.room_after(now).is_none()
    }

    fn accept(&mut self, cx: &mut Context<'_>, bytes: &[u8], ends: &mut Ends<'_, '_>) -> Step {
        self.counters.traffic(self.stream).received_bytes.add(bytes.len() as u64);
        self.moves += 1;
        let (flow, then) = if bytes.is_empty() {
            self.source = Source::Ended;
            (ends.watch.end(self.stream), Then::End)
        } else {
            (ends.watch.pass(self.stream, bytes), Then::More)
        };
        match flow {
            Flow::Untouched if then == Then::More && self.in_force.is_empty() && self.queue.is_empty() => {
                self.pass_on(cx, bytes, ends.to)
            }
            Flow::Untouched => {
                self.enqueue(vec![Segment::new(bytes.to_vec(), then)]);
                Step::Moved
            }
            Flow::Rewritten(segments) => {
                self.enqueue(segments);
                Step::Moved
            }
        }
    }

    /// Writes straight from the buffer; only what the socket does not take is copied.
    fn pass_on(&mut self, cx: &mut Context<'_>, bytes: &[u8], to: &mut WriteHalf<'_>) -> Step {
        let read_at = Instant::now();
        let written = match Pin::new(to).poll_write(cx, bytes) {
            Poll::Ready(Ok(count)) => count,
            Poll::Ready(Err(_)) => return Step::Finished(Finish::Broken),
            Poll::Pending => 0,
        };
        self.counters.traffic(self.stream).sent_bytes.add(written as u64);
        if written == bytes.len() {
            self.counters.lag.write.record(read_at.elapsed());
        } else {
            let rest = Segment::new(bytes[written..].to_vec(), Then::More);
            self.push(rest, &Passage::new(read_at, bytes.len() - written, Then::More), true);
        }
        Step::Moved
    }

    fn enqueue(&mut self, segments: Vec<Segment>) {
        let now = Instant::now();
        for segment in segments {
            let enters_at = now + segment.holds.iter().map(|hold| hold.wait).sum::<std::time::Duration>();
            let mut passage = Passage::new(enters_at, segment.bytes.len(), segment.then);
            for toxic in &mut self.in_force {
                if let Some(effect) = &mut toxic.effect {
                    toxic.toxic.tally.bytes.add(passage.bytes() as u64);
                    effect.meet(&mut passage);
                }
            }
            let closes = matches!(passage.then, Then::Close(_));
            self.push(segment, &passage, false);
            if closes {
                self.source = Source::Ended;
                return;
            }
        }
    }

    fn push(&mut self, segment: Segment, passage: &Passage, is_kept: bool) {
        let Segment { mut bytes, holds, receipt, then: _ } = segment;
        let passed = passage.bytes();
        // What a toxic dropped never arrives.
        let receipt = receipt.filter(|_| passed == bytes.len());
        bytes.truncate(passed);
        self.queue.push(Chunk {
            read_at: Instant::now(),
            holds,
            bytes,
            written: 0,
            slices: passage.slices.iter().copied().collect(),
            then: passage.then,
            then_at: passage.then_at,
            receipt,
            is_kept,
        });
    }

    /// Sets the timer to what comes next by itself; ready when that is now.
    fn wait(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<()> {
        // A piece that is due waits for its receiver, who wakes us.
        let due = self.queue.due_after(now);
        let room = self.room_after(now).filter(|_| self.source == Source::Open);
        let ends = self.next_ending().map(|(at, _)| at);
        match due.into_iter().chain(room).chain(ends).min() {
            None => Poll::Pending,
            Some(at) => self.timer.get_or_insert_with(|| Timer::new(at)).poll_at(cx, at),
        }
    }
}

fn effects(in_force: &mut [InForce]) -> impl Iterator<Item = &mut Effect> {
    in_force.iter_mut().filter_map(|toxic| toxic.effect.as_mut())
}

fn note_written(chunk: &mut Chunk, slice: Slice, count: usize, counters: &Counters) {
    chunk.written += count;
    if count < slice.bytes {
        if let Some(slice) = chunk.slices.front_mut() {
            slice.bytes -= count;
        }
        chunk.is_kept = true;
        return;
    }
    chunk.slices.pop_front();
    if !std::mem::take(&mut chunk.is_kept) {
        counters.lag.write.record(slice.at.elapsed());
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
