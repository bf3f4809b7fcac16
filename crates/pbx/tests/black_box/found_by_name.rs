//! A phone that registered a name is found through a real DNS server: NAPTR, SRV, addresses, and past what does not answer.
use std::fs;

use crate::dns::Dns;
use crate::pbx::{Pbx, free_port};
use crate::sipp::Sipp;

const DIALPLAN: &str = "version = 1\n[[context.intern]]\nmatch = \"_2XX\"\ndo = [{ dial = \"ext:${number}\", timeout = \"25s\" }]\n";

#[test]
fn the_call_goes_past_what_refuses_and_what_is_silent() {
    let mut pbx = Pbx::new(&["201", "202"], DIALPLAN);
    let (dead, alive) = (free_port(), free_port());
    // TCP first, at a port that refuses; then UDP, where the first host is silent.
    let _dns = Dns::start(
        &pbx,
        &[
            "naptr-record=phones.test,10,10,s,SIP+D2T,,_sip._tcp.phones.test".to_owned(),
            "naptr-record=phones.test,20,10,s,SIP+D2U,,_sip._udp.phones.test".to_owned(),
            format!("srv-host=_sip._tcp.phones.test,a.phones.test,{dead},0,0"),
            format!("srv-host=_sip._udp.phones.test,a.phones.test,{dead},0,0"),
            format!("srv-host=_sip._udp.phones.test,b.phones.test,{alive},1,0"),
        ],
    );
    pbx.run();
    Sipp::register_at(&pbx, "202", "phones.test");
    let asked = || fs::read_to_string(pbx.path("dns.log")).unwrap().matches("phones.test").count();
    assert_eq!(asked(), 0, "a registration asks nobody");

    let callee = Sipp::start(&pbx, "callee", "202", alive, alive, &["-m", "1"]);
    Sipp::start(&pbx, "caller", "201", free_port(), 0, &["-s", "202", "-m", "1", "-d", "500"]).succeed();
    callee.succeed();
    assert!(asked() > 0);
    let call = &pbx.history(1)[0];
    assert_eq!((&call["disposition"], &call["end_reason"]), (&"answered".into(), &"hangup_caller".into()));
}
