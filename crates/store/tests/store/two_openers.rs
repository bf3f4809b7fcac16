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
