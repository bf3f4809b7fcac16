//! Phones and PBX in networks of their own, with a real NAT between them: network namespaces, nftables and the kernel's
//! own SIP ALG. Real phones (baresip) call, and each must hear the other's tone. One behaviour a file.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

#[path = "../black_box/baresip_control.rs"]
mod baresip_control;
#[path = "../black_box/tone.rs"]
#[expect(dead_code, reason = "shared with the black-box tests, which also write tones")]
mod tone;

mod alg;
mod call;
mod doctor;
mod forgetful;
mod hairpin;
mod hand_made;
mod keep_alives;
mod mangled;
mod masquerade;
mod pbx;
mod pbx_behind_nat;
mod phone;
mod symmetric;
mod two_networks;
mod world;
