//! How speech is heard, estimated by the E-model (ITU-T G.107) from loss, jitter and round trip: a mean opinion score from 1
//! (unusable) to 4.5. What people say near their microphones, and echo, it cannot know. The web phone reckons in the same way.

use serde::{Deserialize, Serialize};

/// The score of one direction of a leg, taken over windows of ten seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Mos {
    /// Of the last whole window, or of what there is before the first one has passed.
    pub now: f32,
    /// Of the worst window.
    pub least: f32,
    /// Of all windows.
    pub mean: f32,
}

/// What a score is reckoned from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured<'a> {
    /// As in the SDP; an unknown one is taken for G.711.
    pub(crate) codec: Option<&'a str>,
    /// None where the phone says nothing of it: then it adds nothing.
    pub(crate) rtt_ms: Option<f32>,
    pub(crate) jitter_ms: f32,
}

/// Packets so far: those that should have come, and those of them that did not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) expected: i64,
    pub(crate) lost: i64,
}

/// The windows of one direction.
#[derive(Debug, Default)]
pub(crate) struct Opinion {
    /// When the window began that runs.
    before: Counted,
    /// Of the windows that are over.
    over: Option<Mos>,
    windows: u16,
}

impl Opinion {
    /// Ends a window, and begins another. One with hardly any packets is no opinion: somebody was on hold, or silent.
    pub(crate) fn end_window(&mut self, counted: Counted, measured: Measured<'_>) {
        if let Some(score) = self.score(counted, measured, FEWEST) {
            self.over = Some(self.with(score, score));
            self.windows = self.windows.saturating_add(1);
        }
        self.before = counted;
    }

    /// The score so far, with what the running window says where that is enough to say something.
    pub(crate) fn mos(&self, counted: Counted, measured: Measured<'_>) -> Option<Mos> {
        let Some(over) = self.over else {
            return self.score(counted, measured, FEWEST).map(|score| self.with(score, score));
        };
        let running = self.score(counted, measured, ENOUGH);
        Some(running.map_or(over, |score| self.with(score, over.now)))
    }

    fn with(&self, score: f32, now: f32) -> Mos {
        let Some(over) = self.over else { return Mos { now, least: score, mean: score } };
        let windows = f32::from(self.windows);
        let mean = (over.mean * windows + score) / (windows + 1.0);
        Mos { now, least: over.least.min(score), mean }
    }

    /// Of the window that runs; None where fewer packets than these were due in it.
    fn score(&self, counted: Counted, measured: Measured<'_>, fewest: i64) -> Option<f32> {
        let expected = counted.expected.saturating_sub(self.before.expected);
        let lost = counted.lost.saturating_sub(self.before.lost).clamp(0, expected.max(0));
        #[expect(clippy::cast_precision_loss, reason = "packets of ten seconds")]
        let loss = lost as f32 / expected.max(1) as f32;
        (expected >= fewest).then(|| estimate(loss, measured))
    }
}

/// The score where this share of the packets was lost, 0 to 1.
fn estimate(loss: f32, measured: Measured<'_>) -> f32 {
    let (impairment, robustness) = of_codec(measured.codec.unwrap_or_default());
    // One way: half the round trip, a jitter buffer of twice the jitter, and what coding itself takes.
    let delay = measured.rtt_ms.unwrap_or(0.0).clamp(0.0, 5_000.0) / 2.0
        + 2.0 * measured.jitter_ms.clamp(0.0, 1_000.0)
        + 20.0;
    let percent = 100.0 * loss.clamp(0.0, 1.0);
    let of_equipment = impairment + (95.0 - impairment) * percent / (percent + robustness);
    score_of_rating(BASE - of_delay(delay) - of_equipment)
}

/// Equipment impairment, and robustness against random loss (G.113 appendix I; Opus and G.722 by their published fits).
fn of_codec(name: &str) -> (f32, f32) {
    let known = |codec: &str| name.eq_ignore_ascii_case(codec);
    match () {
        () if known("opus") => (0.0, 20.0),
        () if known("G722") => (0.0, 18.0),
        () if known("G729") => (11.0, 19.0),
        () => (0.0, 25.1),
    }
}

/// The impairment by delay, simplified as by Cole and Rosenbluth: the knee lies where talk begins to collide.
fn of_delay(milliseconds: f32) -> f32 {
    0.024 * milliseconds + 0.11 * (milliseconds - 177.3).max(0.0)
}

/// G.107 annex B.
fn score_of_rating(rating: f32) -> f32 {
    let rating = rating.clamp(0.0, 100.0);
    (1.0 + 0.035 * rating + rating * (rating - 60.0) * (100.0 - rating) * 7e-6).clamp(1.0, 4.5)
}

/// The rating with all other impairments at their defaults.
const BASE: f32 = 93.2;
/// Half a second of speech.
const FEWEST: i64 = 25;
/// Three seconds: whoever hangs up in a bad moment has heard it.
const ENOUGH: i64 = 150;

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(codec: &str, rtt_ms: f32, jitter_ms: f32) -> Measured<'_> {
        Measured { codec: Some(codec), rtt_ms: Some(rtt_ms), jitter_ms }
    }

    #[track_caller]
    fn near(got: f32, expected: f32) {
        assert!((got - expected).abs() < 0.02, "{got}, not {expected}");
    }

    #[test]
    fn ratings_become_the_scores_of_annex_b() {
        for (rating, score) in
            [(-5.0, 1.0), (50.0, 2.58), (70.0, 3.60), (80.0, 4.02), (93.2, 4.41), (120.0, 4.5)]
        {
            near(score_of_rating(rating), score);
        }
    }

    #[test]
    fn loss_delay_and_the_codec_cost_what_the_model_says() {
        near(estimate(0.0, measured("PCMA", 0.0, 0.0)), 4.40);
        // R = 93.2 - 0.48 - 95 * 5 / 30.1.
        near(estimate(0.05, measured("PCMU", 0.0, 0.0)), 3.89);
        near(estimate(0.05, measured("opus", 0.0, 0.0)), 3.77);
        near(estimate(0.0, measured("g729", 0.0, 0.0)), 4.10);
        // 220 ms one way: 5.28 for the delay, and 4.697 past the knee.
        near(estimate(0.0, measured("PCMA", 400.0, 0.0)), 4.14);
        near(estimate(0.0, measured("PCMA", 0.0, 100.0)), 4.14);
        near(estimate(1.0, measured("PCMA", 0.0, 0.0)), 1.16);
        assert!(
            (1.0..=4.5).contains(&estimate(f32::NAN, measured("PCMA", f32::INFINITY, f32::NAN)).max(1.0))
        );
    }

    #[test]
    fn a_bad_window_is_remembered_and_the_mean_is_of_all() {
        let of = measured("PCMA", 0.0, 0.0);
        let mut opinion = Opinion::default();
        assert_eq!(opinion.mos(Counted { expected: 24, lost: 0 }, of), None);
        near(opinion.mos(Counted { expected: 50, lost: 0 }, of).unwrap().now, 4.40);
        opinion.end_window(Counted { expected: 500, lost: 0 }, of);
        opinion.end_window(Counted { expected: 1_000, lost: 50 }, of);
        let mos = opinion.mos(Counted { expected: 1_020, lost: 50 }, of).unwrap();
        near(mos.now, estimate(0.1, of));
        near(mos.least, estimate(0.1, of));
        near(mos.mean, (estimate(0.0, of) + estimate(0.1, of)) / 2.0);
        // On hold: nothing came, and nothing is said of it.
        opinion.end_window(Counted { expected: 1_020, lost: 50 }, of);
        assert_eq!(opinion.mos(Counted { expected: 1_030, lost: 60 }, of), Some(mos));
        // The last seconds before the end count, and are not the last whole window.
        let mos = opinion.mos(Counted { expected: 1_300, lost: 250 }, of).unwrap();
        near(mos.now, estimate(0.1, of));
        assert!(mos.least < 1.5, "{mos:?}");
    }
}
