//! Media as pure logic: SDP offer/answer, RTP legs, codecs, quality figures. No I/O, no clock, no tokio.
