//! The B2BUA: legs, ring, answer, hold, end, and the switch that every SIP request enters. No I/O, no clock.
