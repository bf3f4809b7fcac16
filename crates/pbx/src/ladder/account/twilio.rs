//! Twilio: the account, the trunk of Elastic SIP Trunking whose domain we call, where it sends calls to, and whose numbers are
//! attached to it. <https://www.twilio.com/docs/iam/api/account>, <https://www.twilio.com/docs/sip-trunking/api>,
//! <https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource>.

use serde_json::Value;

use super::ask::{Api, Unasked, escaped};
use super::{Account, Found};
use crate::ladder::rung::{Draft, both};

pub(super) async fn look(account: &Account, api: &Api, draft: &mut Draft) -> Result<Found, Unasked> {
    let id = escaped(&account.id);
    let Some(known) = api.get(API, &format!("/2010-04-01/Accounts/{id}.json"), draft).await? else {
        return Ok(Found::Bad(
            both!("there is no such account", "dat account bestaat niet"),
            both!(
                "`account` is the Account SID (AC...) of the console",
                "`account` is de Account SID (AC...) uit de console"
            ),
        ));
    };
    let status = text(&known, "status")?;
    if status != "active" {
        return Ok(Found::Bad(
            both!("the account is {status}", "het account is {status}"),
            both!(
                "see the console: a balance that is gone suspends it",
                "zie de console: een tegoed dat op is legt het stil"
            ),
        ));
    }
    let trunks = api.get(TRUNKING, "/v1/Trunks?PageSize=100", draft).await?.unwrap_or_default();
    let trunks = list(&trunks, "trunks")?;
    let domain = |trunk: &Value| trunk["domain_name"].as_str().map(str::to_lowercase);
    let Some(trunk) = trunks.iter().find(|trunk| domain(trunk).is_some_and(|domain| account.calls(&domain)))
    else {
        let known: Vec<_> = trunks.iter().filter_map(domain).collect();
        let known = if known.is_empty() { "-".to_owned() } else { known.join(", ") };
        return Ok(Found::Bad(
            both!(
                "no trunk of the account has the host that we call",
                "geen trunk van het account heeft de host die wij bellen"
            ),
            both!(
                "set `host` to the domain of a trunk there: {known}",
                "zet `host` op het domein van een trunk daar: {known}"
            ),
        ));
    };
    let sid = text(trunk, "sid")?;
    let path = format!("/v1/Trunks/{}/OriginationUrls", escaped(sid));
    let urls = api.get(TRUNKING, &path, draft).await?.unwrap_or_default();
    if list(&urls, "origination_urls")?.iter().all(|url| url["enabled"] != true) {
        return Ok(Found::Doubtful(
            both!("the trunk sends its calls nowhere", "de trunk stuurt zijn oproepen nergens heen"),
            both!(
                "set an origination URI in the console: the address of this PBX, such as sip:pbx.example;transport=tls",
                "zet in de console een origination-URI: het adres van deze centrale, zoals sip:pbx.example;transport=tls"
            ),
        ));
    }
    for number in &account.numbers {
        let path =
            format!("/2010-04-01/Accounts/{id}/IncomingPhoneNumbers.json?PhoneNumber={}", escaped(number));
        let found = api.get(API, &path, draft).await?.unwrap_or_default();
        let is_same = |one: &&Value| one["phone_number"] == number.as_str();
        match list(&found, "incoming_phone_numbers")?.iter().find(is_same) {
            Some(one) if one["trunk_sid"] == sid => {}
            Some(_) => {
                return Ok(Found::Doubtful(
                    both!("{number} is not attached to this trunk", "{number} hangt niet aan deze trunk"),
                    both!("attach it under Numbers of the trunk", "koppel het onder Numbers van de trunk"),
                ));
            }
            None => return Ok(Found::strange_number(number)),
        }
    }
    let (count, name) = (account.numbers.len(), text(trunk, "domain_name")?);
    Ok(Found::Good(both!(
        "the account is active, {name} sends its calls on; numbers attached: {count}",
        "het account is actief, {name} stuurt zijn oproepen door; gekoppelde nummers: {count}"
    )))
}

impl Account {
    /// Whether a domain is one of the hosts, a localised one (`NAME.pstn.frankfurt.twilio.com`) among them.
    fn calls(&self, domain: &str) -> bool {
        let name = domain.split('.').next().unwrap_or_default();
        let is_ours = |host: &String| {
            let host = host.to_lowercase();
            host == domain || (host.starts_with(&format!("{name}.pstn.")) && host.ends_with(".twilio.com"))
        };
        self.hosts.iter().any(is_ours)
    }
}

fn text<'a>(value: &'a Value, key: &str) -> Result<&'a str, Unasked> {
    value[key].as_str().ok_or_else(|| Unasked::Odd(format!("no `{key}`")))
}

fn list<'a>(value: &'a Value, key: &str) -> Result<&'a [Value], Unasked> {
    value[key].as_array().map(Vec::as_slice).ok_or_else(|| Unasked::Odd(format!("no `{key}`")))
}

const API: &str = "https://api.twilio.com";
const TRUNKING: &str = "https://trunking.twilio.com";
