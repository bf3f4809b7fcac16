//! The permissions that a rule may ask for by `require`: the classes of numbers that somebody may call. Who has which is the
//! operator's to say, outside the dialplan.

/// Every permission there is.
pub const PERMISSIONS: [&str; 5] =
    ["call.internal", "call.national", "call.mobile", "call.international", "call.premium"];
