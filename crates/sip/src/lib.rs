//! SIP as pure logic: messages, transactions, dialogs, digest, registrar. No I/O, no clock, no tokio.
