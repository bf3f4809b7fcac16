//! Servers that have to prove a name over TLS: each address and name is one door, behind which at most one connection is open. A
//! flow names its door as its connection, so that a request in a dialog opens it again, and asks for the same name.
use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use kiestoon_sip::flow::ConnectionId;

use super::seldom::Seldom;

/// All doors. Their number is bounded: the oldest that nobody uses makes room, which loses the way back to its server, and one in
/// use only where all are.
#[derive(Debug, Default)]
pub(super) struct Doors {
    doors: BTreeMap<ConnectionId, Door>,
    ids: HashMap<(SocketAddr, Arc<str>), ConnectionId>,
    made: u64,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Door {
    remote: SocketAddr,
    /// What the certificate must name.
    pub(super) name: Arc<str>,
    /// The connection that was opened last.
    pub(super) open: Option<ConnectionId>,
    /// Says seldom that its server proves nothing.
    pub(super) unproven: Arc<Mutex<Seldom>>,
}

/// Whether this is a door's, there still or not, and no connection's.
pub(super) fn is_door(id: ConnectionId) -> bool {
    id.0 & DOOR != 0
}

impl Doors {
    /// The door to an address under a name, made where there is none yet.
    pub(super) fn to(
        &mut self,
        remote: SocketAddr,
        name: &str,
        is_open: impl Fn(ConnectionId) -> bool,
    ) -> ConnectionId {
        let key = (remote, Arc::<str>::from(name));
        if let Some(known) = self.ids.get(&key) {
            return *known;
        }
        if self.doors.len() >= MOST {
            self.make_room(is_open);
        }
        let id = ConnectionId(DOOR | self.made);
        self.made = self.made.wrapping_add(1);
        let door = Door { remote, name: Arc::clone(&key.1), open: None, unproven: Arc::default() };
        self.doors.insert(id, door);
        self.ids.insert(key, id);
        id
    }

    fn make_room(&mut self, is_open: impl Fn(ConnectionId) -> bool) {
        let unused = self.doors.iter().find(|(_, door)| !door.open.is_some_and(&is_open));
        let leaves = unused.or_else(|| self.doors.first_key_value()).map(|(id, _)| *id);
        if let Some(door) = leaves.and_then(|id| self.doors.remove(&id)) {
            self.ids.remove(&(door.remote, door.name));
        }
    }

    pub(super) fn get(&self, id: ConnectionId) -> Option<&Door> {
        self.doors.get(&id)
    }

    /// A connection was opened behind a door.
    pub(super) fn opened(&mut self, id: ConnectionId, connection: ConnectionId) {
        if let Some(door) = self.doors.get_mut(&id) {
            door.open = Some(connection);
        }
    }
}

/// More servers than calls go to at one time.
const MOST: usize = 4_096;
/// What tells doors from connections, which are numbered from one.
const DOOR: u64 = 1 << 63;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_door_is_an_address_with_a_name_and_they_are_bounded() {
        let mut doors = Doors::default();
        let at = |port: u16| SocketAddr::from(([192, 0, 2, 1], port));
        let closed = |_| false;
        let first = doors.to(at(5061), "a.example", closed);
        assert!(is_door(first) && !is_door(ConnectionId(1)));
        assert_eq!(doors.to(at(5061), "a.example", closed), first);
        assert_ne!(doors.to(at(5061), "b.example", closed), first, "another name");
        assert_ne!(doors.to(at(5062), "a.example", closed), first, "another address");
        let last = (0..10_000).map(|id| doors.to(at(5061), &format!("{id}.example"), closed)).last().unwrap();
        assert_eq!((doors.doors.len(), doors.ids.len()), (MOST, MOST));
        assert!(doors.get(first).is_none() && doors.get(last).is_some());
    }

    #[test]
    fn one_in_use_makes_room_only_where_all_are_in_use() {
        let mut doors = Doors::default();
        let server = SocketAddr::from(([192, 0, 2, 1], 5061));
        let ids: Vec<_> = (0..MOST).map(|id| doors.to(server, &format!("{id}.example"), |_| false)).collect();
        for (id, connection) in ids.iter().zip(1..) {
            doors.opened(*id, ConnectionId(connection));
        }
        let there = |doors: &Doors| ids.iter().take(3).map(|id| doors.get(*id).is_some()).collect::<Vec<_>>();
        doors.to(server, "other.example", |connection| connection != ConnectionId(2));
        assert_eq!(there(&doors), [true, false, true], "the second has been closed");
        doors.to(server, "another.example", |_| true);
        assert_eq!(there(&doors), [true, false, true], "one was not opened yet");
        doors.opened(doors.ids[&(server, "another.example".into())], ConnectionId(9_999));
        doors.to(server, "third.example", |_| true);
        assert_eq!(there(&doors), [false, false, true]);
    }
}
