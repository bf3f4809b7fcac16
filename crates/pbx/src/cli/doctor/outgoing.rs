//! Whether a call goes out: the running PBX makes one over each trunk, where a number to call is given.

use jiff::Timestamp;
use kiestoon_control::{Client, Rung, RungName, RungResult, Sentence, TestTrunk};

use super::Look;
use super::installation::Directory;
use crate::cli::failure::Failure;
use crate::cli::language::say;

/// A trunk over which a call was answered.
pub(super) struct AnsweredOver {
    /// The slug.
    pub(super) organisation: String,
    pub(super) trunk: String,
    /// Microseconds UTC.
    pub(super) at: i64,
}

impl Look<'_> {
    /// Returns over which trunks somebody answered.
    pub(super) async fn outgoing(
        &mut self,
        directory: &Directory,
        number: Option<&str>,
    ) -> Vec<AnsweredOver> {
        let language = self.language;
        let mut answered = Vec::new();
        let Some(number) = number else {
            let says = say!(
                language,
                "no call was made; --call NUMBER makes one over each trunk",
                "er is niet gebeld; --call NUMMER belt over elke trunk"
            );
            self.skipped(ITEM, says);
            return answered;
        };
        for trunk in directory.trunks.iter().filter(|trunk| trunk.enabled) {
            let name = &trunk.name;
            match self.called(&trunk.organisation, name, number).await {
                Ok(Some(rung)) => {
                    if rung.details.contains_key(ANSWERED) {
                        let (organisation, trunk) = (trunk.organisation.clone(), name.clone());
                        let at = Timestamp::now().as_microsecond();
                        answered.push(AnsweredOver { organisation, trunk, at });
                    }
                    self.judge(name, &rung);
                }
                Ok(None) => self
                    .skipped(ITEM, say!(language, "{name}: no call was made", "{name}: er is niet gebeld")),
                Err(failure) => {
                    let advice = "kiestoon check && kiestoon serve".to_owned();
                    self.failed(ITEM, format!("{name}: {}", failure.text(language)), advice);
                }
            }
        }
        answered
    }

    /// The rung of the call, of all that are climbed to it.
    async fn called(&self, organisation: &str, name: &str, number: &str) -> Result<Option<Rung>, Failure> {
        let asked = TestTrunk {
            organisation: Some(organisation.to_owned()),
            call: Some(number.to_owned()),
            ..TestTrunk::default()
        };
        let mut rungs = Client::new(&self.config.control.socket).test_trunk(name, &asked).await?;
        while let Some(rung) = rungs.next().await {
            let rung = rung?;
            if rung.rung == RungName::Call {
                return Ok(Some(rung));
            }
        }
        Ok(None)
    }

    fn judge(&mut self, name: &str, rung: &Rung) {
        let language = self.language;
        let pick = |sentence: &Sentence| language.pick(&sentence.en, &sentence.nl).to_owned();
        let says = format!("{name}: {}", pick(&rung.found));
        let advice = rung.advice.as_ref().map(pick).unwrap_or_default();
        match rung.result {
            RungResult::Ok => self.good(ITEM, says),
            RungResult::Warning => self.warning(ITEM, says, advice),
            RungResult::Failed => self.failed(ITEM, says, advice),
            RungResult::Skipped => self.failed(
                ITEM,
                says,
                say!(
                    language,
                    "`kiestoon trunk test {name}` says what is wrong, rung by rung",
                    "`kiestoon trunk test {name}` zegt trede voor trede wat er mis is"
                ),
            ),
        }
    }
}

const ITEM: &str = "call out";
/// What the rung of a call names where somebody has answered.
const ANSWERED: &str = "answered_after";
