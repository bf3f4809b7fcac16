//! Two thousand extensions are imported in seconds and read back as one directory.

use std::fmt::Write;
use std::time::{Duration, Instant};

use kiestoon_store::{Counts, Import};

use crate::{Fixture, presets};

#[tokio::test]
async fn two_thousand_extensions_take_seconds() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    let mut text = String::from("[[organisation]]\nslug = \"kantoor\"\n");
    for number in 100_000..102_000 {
        writeln!(text, "[[extension]]\nnumber = \"{number}\"\npassword = \"pw{number}\"").unwrap();
    }
    let started = Instant::now();
    let import = Import::parse("import.toml", &text).unwrap();
    let mut steps = Vec::new();
    let mut progress = |done, total| steps.push((done, total));
    let report = sendable(store.import(&import, &presets(), &mut progress)).await.unwrap();
    let imported = started.elapsed();
    assert_eq!(report.extensions, Counts { created: 2000, ..Counts::default() });
    assert_eq!((steps.len(), steps.last()), (20, Some(&(2000, 2000))));
    let directory = store.directory().await.unwrap();
    let read = started.elapsed() - imported;
    assert_eq!(directory.extensions.len(), 2000);
    assert_eq!(directory.extensions[7].secret.password.as_deref(), Some("pw100007"));
    eprintln!("import {imported:?}, directory {read:?}");
    assert!(started.elapsed() < Duration::from_secs(10), "import {imported:?}, directory {read:?}");

    let again = store.import(&import, &presets(), &mut |_, _| {}).await.unwrap();
    assert_eq!(again.extensions, Counts { unchanged: 2000, ..Counts::default() });
}

/// The PBX runs imports on a runtime of several threads.
fn sendable<F: Future + Send>(future: F) -> F {
    future
}
