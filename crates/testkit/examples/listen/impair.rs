//! A UDP proxy that does to datagrams what a bad network does, and remembers which it let through when.

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{JoinHandle, spawn};
use std::time::{Duration, Instant};

use kiestoon_testkit::Impairment;

/// A datagram that went through, and when.
pub(crate) type Passed = (Instant, Vec<u8>);

/// A running proxy of one direction.
pub(crate) struct Proxy {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    receiver: JoinHandle<()>,
    sender: JoinHandle<Vec<Passed>>,
}

impl Proxy {
    /// Forwards what comes to `listen` to `target`.
    pub(crate) fn start(
        listen: SocketAddr,
        target: SocketAddr,
        network: Impairment,
    ) -> std::io::Result<Self> {
        let socket = UdpSocket::bind(listen)?;
        let address = socket.local_addr()?;
        socket.set_read_timeout(Some(Duration::from_millis(100)))?;
        let out = socket.try_clone()?;
        let stop = Arc::new(AtomicBool::new(false));
        let (hand, taken) = mpsc::sync_channel(4096);
        let stopped = stop.clone();
        let receiver = spawn(move || receive(&socket, network, &hand, &stopped));
        let sender = spawn(move || send(&out, target, &taken));
        Ok(Self { address, stop, receiver, sender })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends, and tells what went through.
    pub(crate) fn finish(self) -> Vec<Passed> {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.receiver.join();
        self.sender.join().unwrap_or_default()
    }

    /// Forwards until the process is ended.
    pub(crate) fn run_forever(self) {
        let _ = self.receiver.join();
    }
}

fn receive(
    socket: &UdpSocket,
    mut network: Impairment,
    hand: &mpsc::SyncSender<(Instant, Vec<u8>)>,
    stopped: &AtomicBool,
) {
    let mut buffer = [0; 2048];
    while !stopped.load(Ordering::Relaxed) {
        let Ok(length) = socket.recv(&mut buffer) else { continue };
        let now = Instant::now();
        if let Some(late) = network.fate() {
            let datagram = buffer.get(..length).unwrap_or_default().to_vec();
            if hand.send((now + late, datagram)).is_err() {
                return;
            }
        }
    }
}

/// Sends each datagram when it is due, until no more can come.
fn send(socket: &UdpSocket, target: SocketAddr, taken: &mpsc::Receiver<(Instant, Vec<u8>)>) -> Vec<Passed> {
    let mut due: BTreeMap<(Instant, u64), Vec<u8>> = BTreeMap::new();
    let (mut passed, mut number, mut open) = (Vec::new(), 0, true);
    while open || !due.is_empty() {
        let now = Instant::now();
        while let Some(entry) = due.first_entry()
            && entry.key().0 <= now
        {
            let datagram = entry.remove();
            let _ = socket.send_to(&datagram, target);
            passed.push((Instant::now(), datagram));
        }
        let next = due.first_key_value().map_or(now + Duration::from_millis(50), |(key, _)| key.0);
        match taken.recv_timeout(next.saturating_duration_since(Instant::now())) {
            Ok((at, datagram)) => {
                due.insert((at, number), datagram);
                number += 1;
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => open = false,
        }
    }
    passed
}
