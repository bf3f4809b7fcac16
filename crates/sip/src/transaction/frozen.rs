//! A layer that another process has left behind, taken up. What finds transactions is not written down but made anew from them.

use std::time::Instant;

use rand_chacha::ChaCha12Rng;
use serde::Deserialize;

use super::agenda::Wake;
use super::clients::Client;
use super::key::{KeyMaker, OwnKeyMap};
use super::retained::FrozenRetained;
use super::servers::Server;
use super::upkeep::arm;
use super::{Timers, TransactionLayer, TransactionLimits};

/// What a [`TransactionLayer`] serialises to, inside [`plain::at`](crate::plain::at) and with its outputs drained;
/// [`TransactionLayer::thaw`] takes it back.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrozenTransactions {
    keys: KeyMaker,
    clients: OwnKeyMap<u64, Client>,
    cancels: OwnKeyMap<u64, Client>,
    servers: OwnKeyMap<u64, Server>,
    retained: FrozenRetained,
    last_id: u64,
}

impl TransactionLayer {
    /// The layer that was frozen. Nothing is sent and nothing reported by it: what is due comes with the next
    /// [`tick`](Self::tick).
    #[must_use]
    pub fn thaw(
        now: Instant,
        frozen: FrozenTransactions,
        timers: Timers,
        rng: ChaCha12Rng,
        limits: TransactionLimits,
    ) -> Self {
        let FrozenTransactions { keys, clients, cancels, servers, retained, last_id } = frozen;
        let highest = clients.keys().chain(servers.keys()).copied().max().unwrap_or(0);
        let mut layer = Self::with_keys(keys, timers, rng, limits);
        layer.last_id = last_id.max(highest);
        for (id, client) in clients {
            layer.place_client(Wake::Client(id), client);
        }
        for (id, client) in cancels {
            layer.place_client(Wake::Cancel(id), client);
        }
        for (id, server) in servers {
            layer.place_server(id, server);
        }
        for entry in retained.queue {
            let Some(server) = layer.servers.get_mut(&entry.server) else { continue };
            if let Some(response) = server.retained() {
                *response = layer.retained.push(entry.until, entry.server, response);
            }
        }
        layer.tidy(now);
        layer
    }

    fn place_client(&mut self, wake: Wake, mut client: Client) {
        arm(&mut self.agenda, client.deadline(), &mut client.armed, wake);
        self.paths.insert(&client.flow, wake);
        match wake {
            Wake::Client(id) => drop(self.clients.insert(id, client)),
            Wake::Cancel(id) => drop(self.cancels.insert(id, client)),
            Wake::Server(_) => {}
        }
    }

    fn place_server(&mut self, id: u64, mut server: Server) {
        arm(&mut self.agenda, server.deadline(), &mut server.armed, Wake::Server(id));
        self.by_key.insert(server.key, id);
        if let Some(merge) = server.merge {
            self.by_merge.insert(merge, id);
        }
        if server.reply.transport.is_reliable() {
            self.paths.insert(&server.reply, Wake::Server(id));
        }
        self.servers.insert(id, server);
    }
}
