//! Black-box tests: the real binary, real phones (baresip, SIPp) and the public doors only: SIP, files, the command line.
//! One behaviour a file.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod authority;
mod bans;
mod baresip;
mod baresip_control;
mod kamailio;
mod page;
mod pbx;
mod provider;
mod providers;
mod raw;
mod sipp;
mod tone;
mod watch;

#[path = "../../../store/tests/postgres/server.rs"]
mod postgresql;

mod a_thousand_calls;
mod attacks;
mod bounds;
mod callers;
mod database_away;
mod day_and_night;
mod dialplan;
mod dns;
mod failover_under_load;
mod fax;
mod flood;
mod found_by_name;
mod fraud;
mod idle;
mod kamailio_in_front;
mod killed;
mod ladder;
mod linphone;
mod log;
mod metrics;
mod offers;
mod on_postgresql;
mod phones;
mod presets;
mod provider_faults;
mod reload;
mod reload_under_calls;
mod restart;
mod rights;
mod short_lived_credentials;
mod spoken;
mod srtp;
mod start;
mod stir;
mod stop;
mod test_call;
mod test_call_odd;
mod test_call_tls;
mod theft;
mod tls;
mod tls_out;
mod torture;
mod transcoding;
mod transfers;
mod trunk_transports;
mod trunks;
mod two_phones_talk;
mod user_agent;
mod webhooks;
mod webrtc_peer;
mod websocket;
