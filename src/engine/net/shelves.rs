//! Connections that wait to be used again, and how many there may be.

use super::connection::Connection;
use super::pool::AuthorityId;
use super::shared::{Lease, Shared};
use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Connections that idled longer are closed: common servers give up idle ones after five seconds, and a request that
/// crosses their farewell would be lost.
const IDLE_MAX: Duration = Duration::from_secs(4);

/// What is spoken with a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaks {
    /// HTTP/1.1.
    One,
    /// HTTP/2.
    Two,
    /// Whichever of both the server agrees to.
    Either,
}

/// Connections by authority.
#[derive(Default)]
pub struct Shelves {
    shelves: Vec<Shelf>,
    max: Option<usize>,
}

#[derive(Default)]
struct Shelf {
    /// The one used last is taken first.
    idle: Vec<Connection>,
    shared: Vec<Shared>,
    open: Rc<Open>,
}

/// How many connections of a shelf are open, and how many of them on their way.
#[derive(Default)]
struct Open {
    count: Cell<usize>,
    connecting: Cell<usize>,
    changed: Notify,
}

/// What can be had at once.
pub enum Taken {
    /// A connection that waited.
    Single(Connection),
    /// Room on one that others use too.
    Shared(Lease),
    /// None, but there may be one more.
    None(Slot),
    /// Nothing until something changes.
    Full(Changed),
}

/// The right to one connection, for as long as it is open.
pub struct Slot {
    open: Rc<Open>,
    connecting: Cell<bool>,
}

/// Somebody who waits for a connection.
pub struct Changed(Rc<Open>);

impl Shelves {
    /// Empty ones, for at most so many connections to one authority.
    pub const fn new(max: Option<usize>) -> Self {
        Self { shelves: Vec::new(), max }
    }

    /// What can be had at once.
    pub fn take(&mut self, id: AuthorityId, speaks: Speaks) -> Taken {
        let max = self.max;
        let shelf = self.at(id);
        if let Some(connection) = shelf.idle.pop() {
            return Taken::Single(connection);
        }
        if speaks != Speaks::One {
            shelf.shared.retain(Shared::is_open);
            if let Some(lease) = shelf.shared.iter().find_map(Shared::lease) {
                return Taken::Shared(lease);
            }
        }
        let open = &shelf.open;
        // One that is on its way may have room for all.
        let awaited = speaks != Speaks::One && open.connecting.get() > 0;
        if awaited || max.is_some_and(|max| open.count.get() >= max) {
            return Taken::Full(Changed(Rc::clone(open)));
        }
        open.count.set(open.count.get() + 1);
        open.connecting.set(open.connecting.get() + 1);
        Taken::None(Slot { open: Rc::clone(open), connecting: Cell::new(true) })
    }

    /// Keeps a connection for the next request.
    pub fn put(&mut self, id: AuthorityId, connection: Connection) {
        let shelf = self.at(id);
        shelf.idle.push(connection);
        if self.max.is_some() {
            self.at(id).open.changed.notify_one();
        }
    }

    /// Keeps a connection that many use at once, and gives the first use of it.
    pub fn share(&mut self, id: AuthorityId, shared: Shared) -> Option<Lease> {
        let lease = shared.lease();
        self.at(id).shared.push(shared);
        lease
    }

    /// Closes what idled too long; called a few times a second.
    pub fn sweep(&mut self, now: Instant) {
        for shelf in &mut self.shelves {
            let aged = shelf.idle.iter().take_while(|idle| now.duration_since(idle.idle_since()) > IDLE_MAX).count();
            shelf.idle.drain(..aged);
            shelf.shared.retain(|shared| shared.is_open() && !shared.idled(now, IDLE_MAX));
        }
    }

    fn at(&mut self, id: AuthorityId) -> &mut Shelf {
        if self.shelves.len() <= id.0 {
            self.shelves.resize_with(id.0 + 1, Shelf::default);
        }
        &mut self.shelves[id.0]
    }
}

impl Slot {
    /// The connection is there.
    pub fn connected(&self) {
        if self.connecting.replace(false) {
            self.open.connecting.set(self.open.connecting.get() - 1);
            self.open.changed.notify_waiters();
        }
    }

    /// Room became free on the connection.
    pub fn eased(&self) {
        self.open.changed.notify_one();
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.connected();
        self.open.count.set(self.open.count.get() - 1);
        self.open.changed.notify_one();
    }
}

impl Changed {
    /// Until it is worth while to ask again.
    pub async fn wait(self) {
        self.0.changed.notified().await;
    }
}
