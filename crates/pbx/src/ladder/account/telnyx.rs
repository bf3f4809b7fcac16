//! Telnyx: the credential connection that we register with, and whose numbers are attached to it.
//! <https://developers.telnyx.com/api/connections/retrieve-credential-connection>,
//! <https://developers.telnyx.com/api/numbers/list-phone-numbers>.

use serde_json::Value;

use super::ask::{Api, Unasked, escaped};
use super::{Account, Found};
use crate::ladder::rung::{Draft, both};

pub(super) async fn look(account: &Account, api: &Api, draft: &mut Draft) -> Result<Found, Unasked> {
    let path = format!("/v2/credential_connections/{}", escaped(&account.id));
    let Some(known) = api.get(API, &path, draft).await? else {
        return Ok(Found::Bad(
            both!("there is no such connection", "die connection bestaat niet"),
            both!(
                "`account` is the number of the credential connection, as the portal's address line shows it",
                "`account` is het nummer van de credential connection, zoals de adresregel van het portaal toont"
            ),
        ));
    };
    let connection = data(&known)?;
    if connection["active"] != true {
        return Ok(Found::Bad(
            both!("the connection is not active", "de connection is niet actief"),
            both!("switch it on in the portal", "zet hem aan in het portaal"),
        ));
    }
    if connection["outbound"]["outbound_voice_profile_id"].as_str().is_none_or(str::is_empty) {
        return Ok(Found::Doubtful(
            both!(
                "the connection has no outbound voice profile",
                "de connection heeft geen outbound voice profile"
            ),
            both!(
                "without one nothing goes out: give it one in the portal",
                "zonder gaat er niets naar buiten: geef hem er een in het portaal"
            ),
        ));
    }
    for number in &account.numbers {
        let path = format!("/v2/phone_numbers?filter[phone_number]={}", escaped(number));
        let found = api.get(API, &path, draft).await?.unwrap_or_default();
        let numbers = data(&found)?.as_array().map(Vec::as_slice).unwrap_or_default();
        match numbers.iter().find(|one| one["phone_number"] == number.as_str()) {
            Some(one) if one["connection_id"] == account.id.as_str() => {}
            Some(_) => {
                return Ok(Found::Doubtful(
                    both!(
                        "{number} belongs to another connection",
                        "{number} hoort bij een andere connection"
                    ),
                    both!(
                        "give it to this connection in the portal",
                        "geef het in het portaal aan deze connection"
                    ),
                ));
            }
            None => return Ok(Found::strange_number(number)),
        }
    }
    let count = account.numbers.len();
    Ok(Found::Good(both!(
        "the connection is active; numbers of it: {count}",
        "de connection is actief; nummers ervan: {count}"
    )))
}

fn data(value: &Value) -> Result<&Value, Unasked> {
    value.get("data").ok_or_else(|| Unasked::Odd("no `data`".into()))
}

const API: &str = "https://api.telnyx.com";
