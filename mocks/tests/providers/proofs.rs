//! One key, many clients, many times over: one execution each, the others told so; also across the death of the process.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use mocks::{Config, serve};
use serde_json::Value;
use tokio::net::TcpStream;

use crate::world::{SECRET_KEY, World, get};

const CLIENTS: usize = 64;
/// The variable that makes the test below a providers' process of its own.
const STORE: &str = "MOCKS_PROOF_STORE";

type Sender = SendRequest<Full<Bytes>>;

/// An answer, or none when the connection died.
type Told = Option<(u16, bool, Bytes)>;

async fn connect(address: SocketAddr) -> Option<Sender> {
    let stream = TcpStream::connect(address).await.ok()?;
    stream.set_nodelay(true).ok()?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await.ok()?;
    tokio::spawn(connection);
    Some(sender)
}

async fn buy(sender: &mut Sender, key: &str) -> Told {
    let body = "amount=1000&currency=usd&confirm=true&payment_method=pm_card_visa&metadata[order]=DB-1";
    let request = Request::post("/v1/payment_intents")
        .header("host", "provider")
        .header("authorization", format!("Bearer {SECRET_KEY}"))
        .header("idempotency-key", key)
        .body(Full::new(Bytes::from_static(body.as_bytes())))
        .unwrap();
    sender.ready().await.ok()?;
    let answer = sender.send_request(request).await.ok()?;
    let (status, replayed) = (answer.status().as_u16(), answer.headers().contains_key("idempotent-replayed"));
    Some((status, replayed, answer.into_body().collect().await.ok()?.to_bytes()))
}

/// What all clients were told of one key.
async fn fire(clients: &[Arc<tokio::sync::Mutex<Option<Sender>>>], key: &str) -> Vec<Told> {
    let asked: Vec<_> = clients
        .iter()
        .map(|client| {
            let (client, key) = (Arc::clone(client), key.to_owned());
            tokio::spawn(async move {
                let mut sender = client.lock().await;
                match sender.as_mut() {
                    Some(sender) => buy(sender, &key).await,
                    None => None,
                }
            })
        })
        .collect();
    let mut told = Vec::with_capacity(asked.len());
    for one in asked {
        told.push(one.await.unwrap());
    }
    told
}

async fn clients(address: SocketAddr) -> Vec<Arc<tokio::sync::Mutex<Option<Sender>>>> {
    let mut clients = Vec::with_capacity(CLIENTS);
    for _ in 0..CLIENTS {
        clients.push(Arc::new(tokio::sync::Mutex::new(connect(address).await)));
    }
    clients
}

/// Checks what was told of one key: at most one execution, everybody else the same answer or a conflict.
fn check(told: &[Told]) -> usize {
    let executed = told.iter().flatten().filter(|(status, replayed, _)| *status == 200 && !replayed).count();
    assert!(executed <= 1, "{executed} executions were answered");
    let bodies: Vec<&Bytes> = told.iter().flatten().filter(|told| told.0 == 200).map(|told| &told.2).collect();
    assert!(bodies.iter().all(|body| *body == bodies[0]), "every answer is the first one");
    assert!(told.iter().flatten().all(|told| matches!(told.0, 200 | 409)));
    executed
}

async fn rounds(count: usize) {
    let world = World::new().await;
    let clients = clients(world.addresses().payment).await;
    for round in 0..count {
        assert_eq!(check(&fire(&clients, &format!("key-{round}")).await), 1);
    }
    let mut keys: Vec<Value> = Vec::new();
    let mut after = 0;
    loop {
        let page = world.admin(get(format!("/admin/statement?after={after}"))).await;
        let rows: Vec<Value> = page.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let Some(last) = rows.last() else { break };
        after = last["seq"].as_i64().unwrap();
        keys.extend(rows.into_iter().filter(|row| row["op"] == "capture").map(|row| row["key"].clone()));
    }
    assert_eq!(keys.len(), count, "the statement has one capture for each key");
    keys.sort_by_key(Value::to_string);
    keys.dedup();
    assert_eq!(keys.len(), count);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_clients_and_one_key_a_thousand_times_over() {
    rounds(1_000).await;
}

/// Not a test by itself: the providers' process that the next test kills.
#[test]
fn a_process_to_be_killed() {
    let Ok(store) = std::env::var(STORE) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let running = serve(Config::new(store)).await.unwrap();
        let addresses = running.addresses();
        println!("LISTENS {} {}", addresses.payment, addresses.admin);
        std::future::pending::<()>().await;
    });
}

struct Process {
    child: Child,
    payment: SocketAddr,
    admin: SocketAddr,
}

impl Process {
    fn start(store: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["proofs::a_process_to_be_killed", "--exact", "--nocapture", "--test-threads=1"])
            .env(STORE, store)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.find_map(|line| line.ok()?.split_once("LISTENS ").map(|(_, rest)| rest.to_owned()));
        let line = line.expect("the process says where it listens");
        let (payment, admin) = line.split_once(' ').unwrap();
        Self { child, payment: payment.parse().unwrap(), admin: admin.trim().parse().unwrap() }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_execution_each_across_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().join("providers.db");
    let mut executed = std::collections::HashMap::<String, Vec<Bytes>>::new();
    let keys: Vec<String> = (0..12).map(|n| format!("key-{n}")).collect();
    for life in 0..4 {
        let mut process = Process::start(&store);
        let clients = clients(process.payment).await;
        for (n, key) in keys.iter().enumerate() {
            let fired = tokio::spawn({
                let (clients, key) = (clients.clone(), key.clone());
                async move { fire(&clients, &key).await }
            });
            // In the midst of one of the rounds the process dies; the last life serves to the end.
            if life < 3 && n == 3 * (life + 1) {
                process.child.kill().unwrap();
            }
            let told = fired.await.unwrap();
            check(&told);
            let known = executed.entry(key.clone()).or_default();
            known.extend(told.into_iter().flatten().filter(|told| told.0 == 200).map(|told| told.2));
        }
        if life == 3 {
            let statement = get("/admin/statement").to(process.admin).await.unwrap().text;
            let rows: Vec<Value> = statement.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            for key in &keys {
                let captures = rows.iter().filter(|row| row["op"] == "capture" && row["key"] == *key).count();
                assert_eq!(captures, 1, "{key}");
            }
        }
    }
    for (key, bodies) in executed {
        assert!(!bodies.is_empty() && bodies.iter().all(|body| *body == bodies[0]), "{key} has one answer");
    }
}
