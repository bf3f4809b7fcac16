//! The JSON Schemas of the language, for editors: they complete and point out slips while somebody types. What they cannot
//! know, such as whether a group exists, [`Plan::load`](crate::Plan::load) says.

/// Of dialplan files (JSON Schema draft 7).
pub const SCHEMA: &str = include_str!("../schema/dialplan.schema.json");
/// Of test files.
pub const TEST_SCHEMA: &str = include_str!("../schema/dialplan-test.schema.json");
