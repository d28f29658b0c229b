//! From a request to a whole answer over some connection: one that waits, room on one that others use, or a new one.

use super::Shopper;
use super::exchange::NoAnswer;
use crate::engine::address::Scheme;
use crate::engine::net::{
    AuthorityId, Connection, Failure, Lease, OpenError, Shared, Slot, Speaks, Stopwatch, Stream, Taken, Whole, Wire,
    WriteMark, split,
};
use bytes::Bytes;
use http::{Request, uri};
use http_body_util::Full;
use model::connections::Per;
use model::outcome::Reading;
use std::net::SocketAddr;
use std::rc::Rc;
use tokio::net::TcpStream;
use tokio_rustls::rustls::pki_types::ServerName;

/// How often a request that the server says not to have processed is sent again.
const UNPROCESSED_MAX: u32 = 3;

/// A connection to send on.
enum Link {
    Single(Connection),
    Shared(Lease),
}

/// A part of the way to a server. Dropped before its end, it is counted as unanswered with its age.
struct Leg<'a> {
    shopper: &'a Shopper,
    row: usize,
    began_us: u64,
    reading: Reading,
}

impl Shopper {
    /// Sends on a connection that waits, or on a new one. What provably was not sent is sent again: a server may close
    /// an idle connection at any time. So is what the server says not to have processed.
    pub(super) async fn put_through(
        &self,
        authority: AuthorityId,
        mut request: Request<Full<Bytes>>,
        watch: &Stopwatch,
    ) -> Result<Whole, NoAnswer> {
        let mut unprocessed = 0;
        loop {
            let taken = self.way_to(authority);
            self.note_begun();
            let (link, fresh) = match taken {
                Taken::Single(connection) => (Link::Single(connection), false),
                Taken::Shared(lease) => (Link::Shared(lease), false),
                Taken::None(slot) => (self.connect(authority, slot).await?, true),
                Taken::Full(changed) => {
                    changed.wait().await;
                    continue;
                }
            };
            match link {
                Link::Single(mut connection) => {
                    if !fresh && !connection.ready().await {
                        continue;
                    }
                    match connection.exchange(request, watch).await {
                        Ok(whole) => {
                            if connection.reusable() {
                                self.keep(authority, connection);
                            }
                            return Ok(whole);
                        }
                        Err(Failure::NotSent(unsent)) if !fresh => request = *unsent,
                        Err(Failure::NotSent(_) | Failure::Unprocessed) => {
                            return Err(NoAnswer::Broken("the connection was closed at once"));
                        }
                        Err(Failure::Broken(remark)) => return Err(NoAnswer::Broken(remark)),
                    }
                }
                Link::Shared(lease) => match lease.exchange(&request, watch).await {
                    Ok(whole) => return Ok(whole),
                    Err(Failure::NotSent(_) | Failure::Unprocessed) if unprocessed < UNPROCESSED_MAX => {
                        unprocessed += 1;
                    }
                    Err(Failure::NotSent(_) | Failure::Unprocessed) => {
                        return Err(NoAnswer::Broken("the server did not process it"));
                    }
                    Err(Failure::Broken(remark)) => return Err(NoAnswer::Broken(remark)),
                },
            }
        }
    }

    fn way_to(&self, authority: AuthorityId) -> Taken {
        let mut pool = self.station.pool.borrow_mut();
        let speaks = pool.speaks(authority);
        match self.station.per {
            Per::Pool => pool.shelves.take(authority, speaks),
            Per::Shopper => self.shelves.borrow_mut().take(authority, speaks),
        }
    }

    fn keep(&self, authority: AuthorityId, connection: Connection) {
        match self.station.per {
            Per::Pool => self.station.pool.borrow_mut().shelves.put(authority, connection),
            Per::Shopper => self.shelves.borrow_mut().put(authority, connection),
        }
    }

    async fn connect(&self, authority: AuthorityId, slot: Slot) -> Result<Link, NoAnswer> {
        let mut leg = self.leg(self.station.script.connect_row);
        let known = self.station.pool.borrow().address(authority)?;
        let address = match known {
            Some(address) => address,
            None => self.look_up_host(authority).await?,
        };
        let opened = TcpStream::connect(address).await.and_then(|stream| stream.set_nodelay(true).map(|()| stream));
        let stream = opened.map_err(|error| NoAnswer::NoConnection(OpenError::from(&error)))?;
        leg.reading = Reading::Ok;
        drop(leg);
        let (scheme, name) = self.station.pool.borrow().name(authority);
        let (stream, speaks) = match scheme {
            Scheme::Http => (Stream::Plain(stream), self.station.pool.borrow().speaks(authority)),
            Scheme::Https => self.secure(stream, &name, authority).await?,
        };
        let mark = WriteMark::default();
        let wire = Wire::new(stream, Rc::clone(&mark));
        let broken = |_: hyper::Error| NoAnswer::NoConnection(OpenError::Failed);
        if speaks != Speaks::Two {
            slot.connected();
            return Ok(Link::Single(Connection::open(wire, mark, slot).await.map_err(broken)?));
        }
        let scheme = match scheme {
            Scheme::Http => uri::Scheme::HTTP,
            Scheme::Https => uri::Scheme::HTTPS,
        };
        let host = self.station.pool.borrow().host(authority);
        let shared = Shared::open(wire, scheme, host, slot).await.map_err(broken)?;
        Ok(Link::Shared(self.share(authority, &shared)?))
    }

    fn share(&self, authority: AuthorityId, shared: &Shared) -> Result<Lease, NoAnswer> {
        let lease = match self.station.per {
            Per::Pool => self.station.pool.borrow_mut().shelves.share(authority, shared.clone()),
            Per::Shopper => self.shelves.borrow_mut().share(authority, shared.clone()),
        };
        shared.connected();
        lease.ok_or(NoAnswer::NoConnection(OpenError::Failed))
    }

    /// Shakes hands, and remembers what the server agreed to speak.
    async fn secure(
        &self,
        stream: TcpStream,
        name: &str,
        authority: AuthorityId,
    ) -> Result<(Stream, Speaks), NoAnswer> {
        let mut leg = self.leg(self.station.script.handshake_row);
        let (host, _) = split(Scheme::Https, name);
        let host = ServerName::try_from(host.trim_matches(['[', ']']).to_owned());
        let host = host.map_err(|_| NoAnswer::Unsendable("the host has no name for a certificate".into()))?;
        let connector = self.station.connector().ok_or(OpenError::NotSecured)?;
        let secured = connector.connect(host, stream).await.map_err(|_| OpenError::NotSecured)?;
        leg.reading = Reading::Ok;
        let agreed = if secured.get_ref().1.alpn_protocol() == Some(b"h2") { Speaks::Two } else { Speaks::One };
        self.station.pool.borrow_mut().agreed(authority, agreed);
        Ok((Stream::Secured(Box::new(secured)), agreed))
    }

    async fn look_up_host(&self, authority: AuthorityId) -> Result<SocketAddr, OpenError> {
        let (scheme, name) = self.station.pool.borrow().name(authority);
        let found = tokio::net::lookup_host(split(scheme, &name)).await;
        let address = found.ok().and_then(|mut found| found.next()).ok_or(OpenError::NoSuchHost)?;
        self.station.pool.borrow_mut().learn(authority, address);
        Ok(address)
    }

    fn leg(&self, row: usize) -> Leg<'_> {
        let began_us = self.station.clock.now_us();
        Leg { shopper: self, row, began_us, reading: Reading::Unanswered }
    }
}

impl Drop for Leg<'_> {
    fn drop(&mut self) {
        let station = &self.shopper.station;
        let took_us = station.clock.now_us().saturating_sub(self.began_us);
        station.ledger.borrow_mut().connected(self.row, self.reading, self.began_us, took_us);
    }
}
