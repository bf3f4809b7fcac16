//! What a phone says of itself when it registers: which device it is and by which of its flows (RFC 5626), through which proxy
//! (RFC 3327); and the addresses of its own that it is given (RFC 5627).

use kiestoon_sip::{HeaderName, NameAddr, Request, Uri};

use super::{Phone, uri};

/// A device, and one of its ways to the PBX.
#[derive(Debug, Clone)]
pub(crate) struct Device {
    /// What makes its `urn:uuid`.
    pub(crate) uuid: String,
    /// Its `reg-id`, where it keeps a flow alive.
    pub(crate) flow: Option<u32>,
}

impl Phone {
    /// Its extension.
    pub fn number(&self) -> &str {
        &self.profile.number
    }

    /// The GRUUs of its last registration, public before temporary.
    pub fn gruus(&self) -> Vec<Uri> {
        let mine = |contact: &&NameAddr| {
            let instance = contact.params.get("+sip.instance");
            self.profile.device.as_ref().is_some_and(|device| instance == Some(&device.urn()))
        };
        let Some(contact) = self.registered.iter().find(mine) else { return Vec::new() };
        ["pub-gruu", "temp-gruu"].into_iter().filter_map(|name| contact.params.get(name)).map(uri).collect()
    }

    /// Adds what its profile says of a device to a contact.
    pub(super) fn mark(&self, contact: &mut NameAddr) {
        let Some(device) = &self.profile.device else { return };
        contact.params.set("+sip.instance", device.urn().as_str());
        if let Some(flow) = device.flow {
            contact.params.set("reg-id", flow.to_string().as_str());
        }
    }

    /// Adds what its profile says of a device and a proxy to a REGISTER.
    pub(super) fn say_where(&self, register: &mut Request) {
        if self.profile.device.is_some() {
            register.headers.push(HeaderName::Supported, "gruu, outbound");
        }
        if self.profile.proxied {
            register.headers.push(HeaderName::Supported, "path");
            register.headers.set(HeaderName::Path, format!("<sip:{};lr>", self.flow.local));
        }
    }
}

impl Device {
    fn urn(&self) -> String {
        format!("<urn:uuid:{}>", self.uuid)
    }
}
