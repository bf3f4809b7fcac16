//! A browser's way for its sound: the transport of the test kit on a socket of ours.

use std::cell::RefCell;
use std::net::SocketAddrV4;
use std::rc::Rc;
use std::time::Instant;

use kiestoon_testkit::webrtc::{Browser, Certificate, Conduct, Door, Heard};

use super::sdp;
use super::socket::Endpoint;
use crate::voice::Sound;

/// One browser's transport, which its signalling describes and its sound uses.
#[derive(Clone)]
pub(crate) struct Page {
    browser: Rc<RefCell<Browser>>,
    only_rings: bool,
}

impl Page {
    /// A browser that hears at `here`; `name` is its own.
    pub(crate) fn new(certificate: &Certificate, here: SocketAddrV4, name: u32) -> Self {
        let browser = Browser::new(Instant::now(), certificate, here.into(), &format!("page{name:x}"));
        Self { browser: Rc::new(RefCell::new(browser)), only_rings: false }
    }

    /// One that goes so far only.
    pub(crate) fn with_conduct(self, conduct: Conduct) -> Self {
        self.browser.borrow_mut().set_conduct(conduct);
        self
    }

    /// One whose certificate is not the one that it tells of.
    pub(crate) fn that_lies(self) -> Self {
        self.browser.borrow_mut().lie();
        self
    }

    /// One that is called, and does not answer.
    pub(crate) fn that_rings(self) -> Self {
        Self { only_rings: true, ..self }
    }

    pub(crate) fn only_rings(&self) -> bool {
        self.only_rings
    }

    pub(crate) fn describe(&self, answers: bool, session: u32, sound: Sound) -> String {
        let (formats, attributes) = sdp::formats(sound);
        self.browser.borrow().describe(answers, session, &formats, &attributes)
    }

    /// Where to go, by what the other side says. Once: nobody begins ICE anew here.
    pub(crate) fn meet(&self, body: &str) {
        let mut browser = self.browser.borrow_mut();
        if let Some(door) = Door::read(body).filter(|_| browser.door().is_none()) {
            browser.meet(&door);
        }
    }

    pub(crate) fn is_through(&self) -> bool {
        self.browser.borrow().is_through()
    }

    /// Does what is due, and sends it.
    pub(crate) fn tick(&self, endpoint: &Endpoint) {
        let mut browser = self.browser.borrow_mut();
        let now = Instant::now();
        if browser.deadline().is_some_and(|due| due <= now) {
            browser.tick(now);
        }
        flush(&mut browser, endpoint);
    }

    /// Takes a datagram; the RTP packet that it was.
    pub(crate) fn receive(&self, endpoint: &Endpoint, datagram: &[u8]) -> Option<Vec<u8>> {
        let mut browser = self.browser.borrow_mut();
        match browser.receive(Instant::now(), datagram) {
            Heard::Rtp(packet) => return Some(packet),
            Heard::Transport => flush(&mut browser, endpoint),
            Heard::Rtcp | Heard::Sealed => {}
        }
        None
    }

    /// Sends a packet under its key; false where it could not.
    pub(crate) fn send(&self, endpoint: &Endpoint, packet: &[u8]) -> bool {
        let mut browser = self.browser.borrow_mut();
        let Some(std::net::SocketAddr::V4(door)) = browser.door() else { return false };
        browser.seal(packet).is_some_and(|sealed| endpoint.send(&sealed, door))
    }
}

fn flush(browser: &mut Browser, endpoint: &Endpoint) {
    let Some(std::net::SocketAddr::V4(door)) = browser.door() else { return };
    while let Some(datagram) = browser.poll() {
        endpoint.send(&datagram, door);
    }
}
