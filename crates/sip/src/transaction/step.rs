//! One step of a state machine: it is consumed, and what is left of it goes back to its place.

use super::Timers;

/// What the state machines are told besides their input.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) timers: &'a Timers,
    pub(super) reliable: bool,
}

/// Has the machine of a transaction take a step. One without a machine has ended, and does nothing.
pub(super) fn step<M, E: Default>(place: &mut Option<M>, take: impl FnOnce(M) -> (Option<M>, E)) -> E {
    let Some(machine) = place.take() else { return E::default() };
    let (left, effects) = take(machine);
    *place = left;
    effects
}

/// The machine of a transaction that is in this state, where one is left.
pub(super) fn wrap<S, M, E>((state, effects): (Option<S>, E), into: impl FnOnce(S) -> M) -> (Option<M>, E) {
    (state.map(into), effects)
}
