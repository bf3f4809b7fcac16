//! A phone that goes over to another call keeps its ports, its keys and its address; what is counted begins anew.

use super::figures::Opinions;
use super::hearing::Hearing;
use super::{Heard, RtpLeg, Stream};
use crate::doctor::Doctor;
use crate::quality::LegQuality;
use crate::rtp::statistics::{Received, Sent};

impl RtpLeg {
    /// The figures of the call that is over. Those of the next begin at zero, once the phone is described for it.
    pub fn begin_another_call(&mut self) -> LegQuality {
        let quality = self.quality();
        self.inbound = Received::default();
        self.outbound = Sent::default();
        (self.strangers, self.malformed, self.forged, self.replayed) = (0, 0, 0, 0);
        (self.unknown_format, self.refused) = (0, 0);
        self.heard = Heard { at: None, said: None, rtp: None };
        self.spoken = Stream::default();
        self.hearing = Hearing::default();
        self.doctor = Doctor::default();
        self.opinions = Opinions::default();
        self.has_fax_machine = false;
        quality
    }
}
