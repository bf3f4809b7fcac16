//! Servers that have to prove a name over TLS: each address and name is one door, behind which at most one connection is open. A
//! flow names its door as its connection, so that a request in a dialog opens it again, and asks for the same name.
use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    sync::Arc,
};

use kiestoon_sip::flow::ConnectionId;

/// All doors. Their number is bounded; who must make room loses only the way back after its connection has closed.
#[derive(Debug, Default)]
pub(super) struct Doors {
    doors: BTreeMap<ConnectionId, Door>,
    ids: HashMap<(SocketAddr, Arc<str>), ConnectionId>,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Door {
    remote: SocketAddr,
    /// What the certificate must name.
    pub(super) name: Arc<str>,
    /// The connection that was opened last.
    pub(super) open: Option<ConnectionId>,
}

impl Doors {
    /// The door to an address under a name; `new` where there is none yet.
    pub(super) fn to(&mut self, remote: SocketAddr, name: &str, new: ConnectionId) -> ConnectionId {
        let key = (remote, Arc::<str>::from(name));
        if let Some(known) = self.ids.get(&key) {
            return *known;
        }
        if self.doors.len() >= MOST
            && let Some((_, oldest)) = self.doors.pop_first()
        {
            self.ids.remove(&(oldest.remote, oldest.name));
        }
        self.doors.insert(new, Door { remote, name: Arc::clone(&key.1), open: None });
        self.ids.insert(key, new);
        new
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_door_is_an_address_with_a_name_and_they_are_bounded() {
        let mut doors = Doors::default();
        let at = |port: u16| SocketAddr::from(([192, 0, 2, 1], port));
        assert_eq!(doors.to(at(5061), "a.example", ConnectionId(1)), ConnectionId(1));
        assert_eq!(doors.to(at(5061), "a.example", ConnectionId(2)), ConnectionId(1));
        assert_eq!(doors.to(at(5061), "b.example", ConnectionId(3)), ConnectionId(3), "another name");
        assert_eq!(doors.to(at(5062), "a.example", ConnectionId(4)), ConnectionId(4), "another address");
        for id in 5..10_000 {
            doors.to(at(5061), &format!("{id}.example"), ConnectionId(id));
        }
        assert_eq!((doors.doors.len(), doors.ids.len()), (MOST, MOST));
        assert!(doors.get(ConnectionId(1)).is_none() && doors.get(ConnectionId(9_999)).is_some());
    }
}
