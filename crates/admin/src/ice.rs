//! What browsers are told of STUN and TURN. TURN credentials are made per user as coturn's `use-auth-secret` wants them
//! (draft-uberti-behave-turn-rest): nothing is stored on either side.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use kiestoon_config::{Admin, Secret};
use serde_json::{Value, json};
use sha1::Sha1;

/// The secret that TURN credentials are made of.
pub(crate) struct Turn(Secret);

impl Turn {
    /// The configured secret; `None` where there is none.
    pub(crate) fn open(admin: &Admin) -> std::io::Result<Option<Self>> {
        match (&admin.turn_secret, &admin.turn_secret_file) {
            (Some(secret), _) => Ok(Some(Self(secret.clone()))),
            (None, Some(file)) => Ok(Some(Self(Secret::new(std::fs::read_to_string(file)?.trim())))),
            (None, None) => Ok(None),
        }
    }

    fn credential(&self, username: &str) -> String {
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(self.0.expose().as_bytes()) else {
            // HMAC takes keys of any length.
            return String::new();
        };
        mac.update(username.as_bytes());
        STANDARD.encode(mac.finalize().into_bytes())
    }
}

/// The `iceServers` of a browser for a user, good until `expires_at` (Unix seconds).
pub(crate) fn servers(admin: &Admin, turn: Option<&Turn>, user: &str, expires_at: u64) -> Vec<Value> {
    let mut servers = Vec::new();
    if !admin.ice_servers.is_empty() {
        servers.push(json!({ "urls": admin.ice_servers }));
    }
    if let Some(turn) = turn.filter(|_| !admin.turn_urls.is_empty()) {
        let username = format!("{expires_at}:{user}");
        let credential = turn.credential(&username);
        servers.push(json!({ "urls": admin.turn_urls, "username": username, "credential": credential }));
    }
    servers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_what_coturn_computes() {
        let admin = Admin {
            ice_servers: vec!["stun:a".into()],
            turn_urls: vec!["turn:b".into()],
            turn_secret: Some(Secret::new("north")),
            ..Admin::default()
        };
        let turn = Turn::open(&admin).unwrap();
        let servers = servers(&admin, turn.as_ref(), "anna", 1_764_000_000);
        assert_eq!(servers[0], json!({ "urls": ["stun:a"] }));
        assert_eq!(servers[1]["username"], "1764000000:anna");
        // printf %s 1764000000:anna | openssl dgst -sha1 -hmac north -binary | base64
        assert_eq!(servers[1]["credential"], "/4dLitN0Fau7B51KWZVxvzNZKS4=");
        assert!(super::servers(&Admin::default(), None, "anna", 1).is_empty());
    }
}
