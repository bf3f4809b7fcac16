//! Nothing is kept of OPTIONS: each copy of one is answered anew, and alike, its To tag included (RFC 3261 section 8.2.7).

use std::collections::HashSet;

use kiestoon_sip::{Message, Method};
use kiestoon_testkit::{Story, What, phone, secs};

#[test]
fn an_options_that_is_sent_again() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    t.register_all();
    t.drop_next(2, What::response(200, "OPTIONS"));
    t.send(a, Method::Options, "", |_| {});
    t.run(secs(5));
    let tags = |t: &Story| -> Vec<String> {
        let messages = t.net.ladder.rungs().filter_map(|rung| rung.message.clone());
        let answers = messages.filter_map(|message| match message {
            Message::Response(response) if response.cseq.method == Method::Options => {
                response.to.tag().map(str::to_owned)
            }
            _ => None,
        });
        answers.collect()
    };
    assert_eq!(tags(&t).len(), 3);
    assert_eq!(tags(&t).into_iter().collect::<HashSet<_>>().len(), 1);
    t.settle();
    t.expect_nothing_left();
}
