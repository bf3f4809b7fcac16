//! The language between the PBX and its operators: commands, replies, events, and the client.
