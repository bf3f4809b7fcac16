//! Calls out that are only asked for: the gate judges them on a copy of the ledger, no leg is made, nothing is counted and nobody is
//! told.

use std::sync::Arc;

use kiestoon_media::CallKey;

use super::charged::Charged;
use super::class::{self, Class};
use super::forms::Forms;
use super::gate::{CallOut, Why};
use crate::exchange::Exchange;
use crate::id::{self, CallId};
use crate::snapshot::Organisation;
use crate::trunk::Trunk;
use crate::trunk::rates::Rate;

/// What the gate says of a number over a trunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The trunk.
    pub trunk: Arc<str>,
    /// The class of the number there; None for one that help is called by.
    pub class: Option<Class>,
    /// Why it may not be called; None: it may.
    pub why: Option<Why>,
    /// What it costs, where that is known.
    pub rate: Option<Rate>,
}

/// Who tries to call, and which number.
#[derive(Debug, Clone)]
pub(super) struct Attempt<'a> {
    pub(super) of: &'a Organisation,
    pub(super) trunk: &'a Trunk,
    pub(super) charged: &'a Charged,
    pub(super) number: &'a str,
}

impl Exchange {
    /// Does something on copies of all that it may change, and puts back what was there.
    pub(super) fn rehearse<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> T {
        let (now, said) = (self.now, self.outputs.len());
        let copy = self.ledger.clone();
        let ledger = std::mem::replace(&mut self.ledger, copy);
        let overrides = self.overrides.clone();
        let found = act(self);
        self.now = now;
        self.ledger = ledger;
        self.overrides = overrides;
        self.outputs.truncate(said);
        found
    }

    /// What the gate says now. Inside [`Self::rehearse`] only: it counts. The call's key is one that no call has.
    pub(super) fn attempt(&mut self, attempt: &Attempt<'_>, index: u64) -> Judgement {
        let Attempt { of, trunk, charged, number } = attempt;
        // As a call names it to the gate.
        let number = &*trunk.number_form.judged(trunk.country, number);
        let leg = id::leg(CallKey(NO_CALL.saturating_add(index)), 0);
        let asked = CallOut {
            leg,
            call: CallId::new(0, [0; 10]),
            organisation: Some(of),
            charged,
            from: charged.word(),
            number,
            trunk,
            is_for_help: false,
        };
        let why = self.grant(&asked).err().map(|refusal| refusal.why);
        let is_for_help = class::is_for_help(trunk.country, number);
        Judgement {
            trunk: Arc::clone(&trunk.name),
            class: (!is_for_help).then(|| Class::of(trunk.country, number)),
            why,
            rate: of.rates.of(&trunk.name, &Forms::of(trunk.country, number)),
        }
    }

    /// What the gate would say of a number over each trunk of an organisation.
    pub(crate) fn judge_only(
        &mut self,
        of: &Organisation,
        charged: &Charged,
        number: &str,
    ) -> Vec<Judgement> {
        let trunks = of.trunks_by_name();
        let judge = |trunk: &&Arc<Trunk>| {
            let attempt = Attempt { of, trunk, charged, number };
            self.rehearse(|x| x.attempt(&attempt, 0))
        };
        trunks.iter().take(MOST_TRUNKS).map(judge).collect()
    }
}

/// Trunks that are asked; whoever has more learns of the first ones by name.
pub(super) const MOST_TRUNKS: usize = 8;
/// Calls are counted from one: none gets this far.
const NO_CALL: u64 = 1 << 47;
