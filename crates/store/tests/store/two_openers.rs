//! PBX and sidecar start at the same moment on a machine without a database: both come up.

use kiestoon_store::Store;

use crate::{Fixture, key};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn all_who_start_at_once_succeed() {
    for _ in 0..5 {
        let fixture = Fixture::new();
        let url = fixture.url();
        let mut starts = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let url = url.clone();
            starts.spawn(async move { Store::open(&url, key()).await });
        }
        while let Some(start) = starts.join_next().await {
            let store = start.unwrap().unwrap();
            assert_eq!(store.organisations().await.unwrap().len(), 1);
        }
    }
}

/// Starts itself four times over: with the variable, the test is one of those processes and only opens.
#[tokio::test]
async fn so_do_processes_of_their_own() {
    if let Ok(url) = std::env::var(URL) {
        let store = Store::open(&url, key()).await.unwrap();
        assert_eq!(store.organisations().await.unwrap().len(), 1);
        println!("{OPENED}");
        return;
    }
    for _ in 0..3 {
        let fixture = Fixture::new();
        let start = || {
            let mut child = std::process::Command::new(std::env::current_exe().unwrap());
            child.args(["--exact", "--nocapture", "two_openers::so_do_processes_of_their_own"]);
            child.env(URL, fixture.url()).stdout(std::process::Stdio::piped()).spawn().unwrap()
        };
        let children: Vec<_> = (0..4).map(|_| start()).collect();
        for child in children {
            let output = child.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success() && said.contains(OPENED), "{said}");
        }
    }
}

const URL: &str = "KIESTOON_TEST_DATABASE";
const OPENED: &str = "the database is open";
