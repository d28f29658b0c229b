use super::*;

const LONG: Duration = Duration::from_secs(20);

struct Shop {
    directory: tempfile::TempDir,
    connection: Connection,
}

impl Shop {
    fn open() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let connection = Connection::open(directory.path().join("shop.db")).unwrap();
        connection.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE orders (id INTEGER);").unwrap();
        Self { directory, connection }
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("shop.db")
    }

    /// Whether a write goes through within the patience.
    fn writes_within(&self, patience: Duration) -> bool {
        self.connection.busy_timeout(patience).unwrap();
        self.connection.execute("INSERT INTO orders VALUES (1)", []).is_ok()
    }
}

#[tokio::test]
async fn nobody_writes_while_it_is_locked_and_everybody_reads() {
    let shop = Shop::open();
    let hold = Hold::begin(&shop.file(), StoreHarm::Locked {}, LONG).await.unwrap();
    assert!(!shop.writes_within(Duration::from_millis(20)));
    let count: i64 = shop.connection.query_row("SELECT count(*) FROM orders", [], |row| row.get(0)).unwrap();
    assert_eq!(count, 0);
    assert_eq!(hold.end().await.holds, 1);
    assert!(shop.writes_within(Duration::ZERO));
}

#[tokio::test]
async fn a_fault_that_is_forgotten_ends_by_itself_and_a_dropped_one_at_once() {
    let shop = Shop::open();
    let hold = Hold::begin(&shop.file(), StoreHarm::Locked {}, Duration::from_millis(30)).await.unwrap();
    assert!(shop.writes_within(LONG));
    drop(hold);
    let hold = Hold::begin(&shop.file(), StoreHarm::Locked {}, LONG).await.unwrap();
    drop(hold);
    assert!(shop.writes_within(LONG));
}

#[tokio::test]
async fn a_slow_store_lets_writers_through_and_counts_those_that_waited() {
    let shop = Shop::open();
    let harm = StoreHarm::Slow { hold_ms: 20, pause_ms: 20 };
    let hold = Hold::begin(&shop.file(), harm, LONG).await.unwrap();
    let began = Instant::now();
    assert!(!shop.writes_within(Duration::ZERO), "it is held at first");
    assert!(shop.writes_within(LONG));
    assert!(began.elapsed() >= Duration::from_millis(10), "it waited");
    let tally = hold.end().await;
    assert!(tally.holds >= 1 && tally.waited_for >= 1, "{tally:?}");
}

#[tokio::test]
async fn a_store_that_nobody_wrote_to_counts_no_wait() {
    let shop = Shop::open();
    let hold = Hold::begin(&shop.file(), StoreHarm::Locked {}, LONG).await.unwrap();
    assert_eq!(hold.end().await, Tally { holds: 1, waited_for: 0 });
}

#[tokio::test]
async fn what_is_no_store_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("none.db");
    let error = Hold::begin(&missing, StoreHarm::Locked {}, LONG).await.unwrap_err();
    assert!(error.to_string().contains("none.db"), "{error}");
    assert!(!missing.exists(), "nothing is made");
    let text = directory.path().join("text.db");
    std::fs::write(&text, "these are no pages of a database, and there are enough of them to be sure".repeat(20))
        .unwrap();
    assert!(matches!(Hold::begin(&text, StoreHarm::Locked {}, LONG).await, Err(Error::Store { .. })));
}
