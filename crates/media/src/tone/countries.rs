//! The table.

use super::{Country, Part};

const fn on(hertz: u16, ms: u16) -> Part {
    Part { hertz: (hertz, 0), ms }
}

const fn both(low: u16, high: u16, ms: u16) -> Part {
    Part { hertz: (low, high), ms }
}

const fn off(ms: u16) -> Part {
    Part { hertz: (0, 0), ms }
}

/// A tone without a pause; every frequency makes whole turns in a second.
const fn steady(hertz: u16) -> [Part; 1] {
    [on(hertz, 1000)]
}

const STEADY_425: &[Part] = &steady(425);
const STEADY_440: &[Part] = &steady(440);
const STEADY_PAIR: &[Part] = &[both(350, 440, 1000)];
const RING_1_4: &[Part] = &[on(425, 1000), off(4000)];
const EVEN_500: &[Part] = &[on(425, 500), off(500)];
const EVEN_480: &[Part] = &[on(425, 480), off(480)];
const EVEN_250: &[Part] = &[on(425, 250), off(250)];
const EVEN_240: &[Part] = &[on(425, 240), off(240)];
const EVEN_200: &[Part] = &[on(425, 200), off(200)];
const THREE: &[Part] = &[on(950, 330), on(1400, 330), on(1800, 330), off(1000)];
const TWICE_200: &[Part] = &[on(425, 200), off(200), on(425, 200), off(5000)];

/// The countries that we know, the first one being the default.
pub const COUNTRIES: [Country; 12] = [
    Country {
        code: "nl",
        dial: STEADY_425,
        ringback: RING_1_4,
        busy: EVEN_500,
        congestion: EVEN_250,
        information: THREE,
        waiting: &[on(425, 500), off(9500)],
    },
    Country {
        code: "be",
        dial: STEADY_425,
        ringback: &[on(425, 1000), off(3000)],
        busy: EVEN_500,
        congestion: &[on(425, 167), off(167)],
        information: &[on(900, 330), on(1400, 330), on(1800, 330), off(1000)],
        waiting: &[on(1400, 175), off(175), on(1400, 175), off(3500)],
    },
    Country {
        code: "de",
        dial: STEADY_425,
        ringback: RING_1_4,
        busy: EVEN_480,
        congestion: EVEN_240,
        information: THREE,
        waiting: TWICE_200,
    },
    Country {
        code: "fr",
        dial: STEADY_440,
        ringback: &[on(440, 1500), off(3500)],
        busy: &[on(440, 500), off(500)],
        congestion: &[on(440, 250), off(250)],
        information: THREE,
        waiting: &[on(440, 300), off(10_000)],
    },
    Country {
        code: "gb",
        dial: STEADY_PAIR,
        ringback: &[both(400, 450, 400), off(200), both(400, 450, 400), off(2000)],
        busy: &[on(400, 375), off(375)],
        congestion: &[on(400, 400), off(350), on(400, 225), off(525)],
        information: &[on(950, 330), off(15), on(1400, 330), off(15), on(1800, 330), off(1000)],
        waiting: &[on(400, 100), off(4000)],
    },
    Country {
        code: "us",
        dial: STEADY_PAIR,
        ringback: &[both(440, 480, 2000), off(4000)],
        busy: &[both(480, 620, 500), off(500)],
        congestion: &[both(480, 620, 250), off(250)],
        information: THREE,
        waiting: &[on(440, 300), off(10_000)],
    },
    Country {
        code: "pt",
        dial: STEADY_425,
        ringback: &[on(425, 1000), off(5000)],
        busy: EVEN_500,
        congestion: EVEN_200,
        information: THREE,
        waiting: TWICE_200,
    },
    Country {
        code: "br",
        dial: STEADY_425,
        ringback: RING_1_4,
        busy: EVEN_250,
        congestion: &[on(425, 250), off(250), on(425, 750), off(250)],
        information: THREE,
        waiting: &[on(425, 50), off(1000)],
    },
    Country {
        code: "es",
        dial: STEADY_425,
        ringback: &[on(425, 1500), off(3000)],
        busy: EVEN_200,
        congestion: &[on(425, 200), off(200), on(425, 200), off(200), on(425, 200), off(600)],
        information: THREE,
        waiting: &[on(425, 175), off(175), on(425, 175), off(3500)],
    },
    Country {
        code: "it",
        dial: &[on(425, 200), off(200), on(425, 600), off(1000)],
        ringback: RING_1_4,
        busy: EVEN_500,
        congestion: EVEN_200,
        information: THREE,
        waiting: &[on(425, 400), off(100), on(425, 250), off(100), on(425, 150), off(14_000)],
    },
    Country {
        code: "lu",
        dial: STEADY_425,
        ringback: RING_1_4,
        busy: EVEN_480,
        congestion: EVEN_240,
        information: THREE,
        waiting: TWICE_200,
    },
    Country {
        code: "eu",
        dial: STEADY_425,
        ringback: RING_1_4,
        busy: EVEN_500,
        congestion: EVEN_250,
        information: THREE,
        waiting: &[on(425, 200), off(600), on(425, 200), off(3000)],
    },
];
