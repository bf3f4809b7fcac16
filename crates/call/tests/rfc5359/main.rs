//! The service flows of RFC 5359 that this floor supports, as a PBX between the phones carries them out. Transfers (2.4, 2.5) are
//! the scenarios `transfer_*`, outgoing call screening (2.14) is `reject_step`. Music on hold (2.3), conferences (2.10, 2.11), parking
//! (2.15) and click to dial (2.18) need music, mixing, parking places and calls of our own; automatic redial (2.17) needs the
//! dialog event package; 2.6 moves a text session, which there is none of.

mod call_forwarding;
mod call_pickup;
mod consultation_hold;
mod find_me;
mod hold;
mod incoming_call_screening;
