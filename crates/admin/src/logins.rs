//! How many logins may be tried: per source and login together, per source, and per login from everywhere. Counted before
//! the password is looked at, so that many at once gain nothing.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The attempts of the last quarter of an hour.
#[derive(Debug, Default)]
pub(crate) struct Logins {
    // A message would make each login wait for a task; the lock is held for some look-ups.
    windows: Mutex<HashMap<Key, Window>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Both(IpAddr, String),
    Source(IpAddr),
    Login(String),
}

impl Key {
    fn most(&self) -> u32 {
        match self {
            Self::Both(..) => 10,
            Self::Source(_) => 40,
            // So many sources are an attack; who knows the password waits with the others.
            Self::Login(_) => 200,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Window {
    began: Instant,
    count: u32,
}

impl Logins {
    /// Counts an attempt; an error is how long to wait, and then nothing is counted.
    pub(crate) fn attempt(&self, now: Instant, source: IpAddr, login: &str) -> Result<(), Duration> {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let keys = keys(source, login);
        for key in &keys {
            let Some(window) = windows.get(key) else { continue };
            let age = now.saturating_duration_since(window.began);
            if age < WINDOW && window.count >= key.most() {
                return Err(WINDOW.saturating_sub(age));
            }
        }
        if windows.len() >= MOST_KEYS {
            windows.retain(|_, window| now.saturating_duration_since(window.began) < WINDOW);
            if windows.len() >= MOST_KEYS {
                return Err(Duration::from_secs(60));
            }
        }
        for key in keys {
            let window = windows.entry(key).or_insert(Window { began: now, count: 0 });
            if now.saturating_duration_since(window.began) >= WINDOW {
                *window = Window { began: now, count: 0 };
            }
            window.count = window.count.saturating_add(1);
        }
        Ok(())
    }

    /// Takes an attempt back that was a right one.
    pub(crate) fn succeeded(&self, source: IpAddr, login: &str) {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let [both, rest @ ..] = keys(source, login);
        windows.remove(&both);
        for key in rest {
            if let Some(window) = windows.get_mut(&key) {
                window.count = window.count.saturating_sub(1);
            }
        }
    }
}

fn keys(source: IpAddr, login: &str) -> [Key; 3] {
    let login: String = login.to_lowercase().chars().take(64).collect();
    [Key::Both(source, login.clone()), Key::Source(source), Key::Login(login)]
}

const WINDOW: Duration = Duration::from_secs(900);
const MOST_KEYS: usize = 30_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_login_of_one_source_is_stopped_after_ten_and_others_go_on() {
        let (logins, now) = (Logins::default(), Instant::now());
        let [one, two] = [IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2])];
        for _ in 0..10 {
            assert_eq!(logins.attempt(now, one, "anna"), Ok(()));
        }
        assert_eq!(logins.attempt(now, one, "ANNA"), Err(WINDOW));
        assert_eq!(logins.attempt(now, one, "piet"), Ok(()));
        assert_eq!(logins.attempt(now, two, "anna"), Ok(()));
        assert_eq!(logins.attempt(now + WINDOW, one, "anna"), Ok(()), "later again");
    }

    #[test]
    fn a_source_is_stopped_whatever_it_tries_and_a_right_password_costs_nothing() {
        let (logins, now) = (Logins::default(), Instant::now());
        let source = IpAddr::from([192, 0, 2, 1]);
        for _ in 0..100 {
            assert_eq!(logins.attempt(now, source, "anna"), Ok(()));
            logins.succeeded(source, "anna");
        }
        for number in 0..40 {
            assert_eq!(logins.attempt(now, source, &format!("user{number}")), Ok(()));
        }
        assert!(logins.attempt(now, source, "yet-another").is_err());
    }
}
