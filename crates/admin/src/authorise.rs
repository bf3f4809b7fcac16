//! The one place that says who may do what. Whatever it does not name is denied.

use std::sync::Arc;

use kiestoon_store::{Role, User};

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) enum Principal {
    /// Nobody has logged in.
    Nobody,
    /// A user with a session.
    Person(Arc<Person>),
}

/// A user with a session.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) user: User,
    /// What requests that change something must repeat.
    pub(crate) csrf: String,
    /// The token of the session.
    pub(crate) token: String,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    ViewPages,
    SeeHealth,
    SeeMetrics,
    /// A provider tells of a call; its signature says who it is.
    DeliverWebhook,
    LogIn,
    SeeOwnSession,
    LogOut,
    ChangeOwnPassword,
    GetSipCredentials,
    /// SIP itself asks for credentials.
    RelaySip,
    SeeExtensions,
    SeeRegistrations,
    SeeCalls,
    SeeHours,
    SetHours,
    /// Which rules of the dialplan a call got.
    SeeWays,
    WatchEvents,
    SeeTrunks,
    TestTrunks,
    SeeContacts,
    ChangeContacts,
    SeeBlocks,
    ChangeBlocks,
}

/// What it is asked of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Object<'a> {
    /// The route itself; what it shows is asked for one by one.
    Door,
    /// A door that only machines of the operator may open; whether this client is one.
    MachineDoor { is_known: bool },
    /// Something of one organisation, by its slug, that concerns these numbers.
    Of { organisation: &'a str, numbers: &'a [&'a str] },
    /// The PBX as a whole.
    Process,
}

/// Whether somebody may do something to something.
pub(crate) fn authorise(principal: &Principal, action: Action, object: Object<'_>) -> bool {
    match (action, object) {
        (
            Action::ViewPages | Action::SeeHealth | Action::LogIn | Action::RelaySip | Action::DeliverWebhook,
            Object::Door,
        ) => true,
        (Action::SeeMetrics, Object::MachineDoor { is_known }) => is_known,
        (
            Action::SeeOwnSession
            | Action::LogOut
            | Action::ChangeOwnPassword
            | Action::GetSipCredentials
            | Action::SeeExtensions
            | Action::SeeRegistrations
            | Action::SeeCalls
            | Action::SeeHours
            | Action::SetHours
            | Action::WatchEvents,
            Object::Door,
        ) => matches!(principal, Principal::Person(_)),
        (
            Action::SeeExtensions
            | Action::SeeRegistrations
            | Action::SeeCalls
            | Action::SeeHours
            | Action::WatchEvents,
            Object::Of { organisation, numbers },
        ) => principal.user().is_some_and(|user| {
            let is_own = |number: &&str| user.extension.as_deref() == Some(*number);
            user.organisation == organisation && (user.role == Role::Admin || numbers.iter().any(is_own))
        }),
        (
            Action::SetHours
            | Action::SeeWays
            | Action::SeeTrunks
            | Action::TestTrunks
            | Action::SeeContacts
            | Action::ChangeContacts
            | Action::SeeBlocks
            | Action::ChangeBlocks,
            Object::Of { organisation, .. },
        ) => {
            principal.user().is_some_and(|user| user.organisation == organisation && user.role == Role::Admin)
        }
        (
            Action::SeeTrunks
            | Action::TestTrunks
            | Action::SeeContacts
            | Action::ChangeContacts
            | Action::SeeBlocks
            | Action::ChangeBlocks,
            Object::Door,
        ) => principal.user().is_some_and(|user| user.role == Role::Admin),
        (Action::WatchEvents, Object::Process) => {
            principal.user().is_some_and(|user| user.role == Role::Admin)
        }
        _ => false,
    }
}

impl Principal {
    fn user(&self) -> Option<&User> {
        match self {
            Self::Nobody => None,
            Self::Person(person) => Some(&person.user),
        }
    }
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Person").field(&self.user.login).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(role: Role, extension: Option<&str>) -> Principal {
        let user = User {
            id: String::new(),
            organisation_id: String::new(),
            organisation: "kantoor".into(),
            login: "anna".into(),
            name: String::new(),
            role,
            extension: extension.map(Into::into),
            enabled: true,
            created_at: 0,
            updated_at: 0,
        };
        Principal::Person(Arc::new(Person { user, csrf: String::new(), token: String::new() }))
    }

    #[test]
    fn a_user_sees_what_is_its_own_and_an_admin_what_is_its_organisations() {
        let (admin, user) = (person(Role::Admin, None), person(Role::User, Some("201")));
        let without = person(Role::User, None);
        let of = |organisation, numbers| Object::Of { organisation, numbers };
        for action in [Action::SeeCalls, Action::SeeExtensions, Action::SeeRegistrations, Action::WatchEvents]
        {
            assert!(authorise(&admin, action, of("kantoor", &["299"])));
            assert!(authorise(&admin, action, of("kantoor", &[])));
            assert!(!authorise(&admin, action, of("elders", &["201"])));
            assert!(authorise(&user, action, of("kantoor", &["299", "201"])));
            assert!(!authorise(&user, action, of("kantoor", &["299"])));
            assert!(!authorise(&user, action, of("elders", &["201"])));
            assert!(!authorise(&without, action, of("kantoor", &["201"])));
            assert!(!authorise(&Principal::Nobody, action, of("kantoor", &["201"])));
        }
        assert!(authorise(&admin, Action::WatchEvents, Object::Process));
        assert!(!authorise(&user, Action::WatchEvents, Object::Process));
    }

    #[test]
    fn only_an_admin_sets_the_hours_of_its_own_organisation() {
        let hours = |organisation| Object::Of { organisation, numbers: &[] };
        let (admin, user) = (person(Role::Admin, None), person(Role::User, Some("201")));
        assert!(authorise(&admin, Action::SetHours, hours("kantoor")));
        assert!(!authorise(&admin, Action::SetHours, hours("elders")));
        assert!(!authorise(&user, Action::SetHours, hours("kantoor")));
        assert!(!authorise(&user, Action::SeeHours, hours("kantoor")));
        assert!(!authorise(&Principal::Nobody, Action::SetHours, hours("kantoor")));
    }

    #[test]
    fn trunks_contacts_and_blocks_are_for_admins_of_their_organisation() {
        let of = |organisation| Object::Of { organisation, numbers: &["201"] };
        let (admin, user) = (person(Role::Admin, None), person(Role::User, Some("201")));
        for action in [
            Action::SeeTrunks,
            Action::TestTrunks,
            Action::SeeContacts,
            Action::ChangeContacts,
            Action::SeeBlocks,
            Action::ChangeBlocks,
        ] {
            for object in [Object::Door, of("kantoor")] {
                assert!(authorise(&admin, action, object));
                assert!(!authorise(&user, action, object));
                assert!(!authorise(&Principal::Nobody, action, object));
            }
            assert!(!authorise(&admin, action, of("elders")));
        }
    }

    #[test]
    fn what_is_not_named_is_denied() {
        let admin = person(Role::Admin, Some("201"));
        assert!(!authorise(&admin, Action::SeeMetrics, Object::Door));
        assert!(!authorise(&admin, Action::SeeMetrics, Object::MachineDoor { is_known: false }));
        assert!(authorise(&Principal::Nobody, Action::SeeMetrics, Object::MachineDoor { is_known: true }));
        assert!(!authorise(&admin, Action::LogOut, Object::Process));
    }
}
