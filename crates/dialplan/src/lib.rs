//! One question: what to do with this call? Parses, checks and decides dialplan files. No I/O, no clock.
