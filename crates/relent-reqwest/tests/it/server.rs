//! A server on this machine that plays a script: one connection after the other, each with one request.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Turn {
    /// Reads the request, and answers with this status and these headers. The body is the number of the request.
    Answer(&'static str, &'static [&'static str]),
    /// Reads the request, and then hangs.
    Hang,
    /// Resets the connection at once, before the request is read.
    Reset,
    /// Breaks off in the headers of its answer.
    ResetInHeaders,
    /// Breaks off in the body of its answer.
    ResetInBody,
    /// Hangs in the body of its answer.
    HangInBody,
}

pub(crate) const OK: Turn = Turn::Answer("200 OK", &[]);

/// What the server has read of a request.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) line: String,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

#[derive(Clone)]
pub(crate) struct Server {
    address: std::net::SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<Mutex<usize>>,
}

impl Server {
    /// Plays the script, and resets every connection after it.
    pub(crate) async fn new(script: &[Turn]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            seen: Arc::default(),
            connections: Arc::default(),
        };
        let (own, script) = (server.clone(), script.to_vec());
        tokio::spawn(async move {
            let mut script = script.into_iter();
            while let Ok((connection, _)) = listener.accept().await {
                *own.connections.lock().unwrap() += 1;
                let turn = script.next().unwrap_or(Turn::Reset);
                tokio::spawn(own.clone().play(turn, connection));
            }
        });
        server
    }

    /// An address without a listener.
    pub(crate) async fn refusing() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        Self { address, seen: Arc::default(), connections: Arc::default() }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://user:password@{}/secret/path?token=secret", self.address)
    }

    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    /// The requests that were read.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }

    async fn play(self, turn: Turn, mut connection: TcpStream) {
        match turn {
            Turn::Answer(status, headers) => {
                let number = self.read(&mut connection).await.to_string();
                let headers: String = headers
                    .iter()
                    .flat_map(|header| {
                        [
                            header, "
",
                        ]
                    })
                    .collect();
                let answer = format!(
                    "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{number}",
                    number.len()
                );
                connection.write_all(answer.as_bytes()).await.unwrap();
                connection.shutdown().await.ok();
            }
            Turn::Hang => {
                self.read(&mut connection).await;
                tokio::time::sleep(Duration::from_secs(60)).await;
            }
            // What has arrived and was not read makes the end of a connection a reset.
            Turn::Reset => connection.readable().await.unwrap(),
            Turn::ResetInHeaders => {
                connection.readable().await.unwrap();
                connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-le").await.ok();
            }
            Turn::ResetInBody | Turn::HangInBody => {
                self.read(&mut connection).await;
                connection
                    .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart")
                    .await
                    .ok();
                connection.flush().await.ok();
                let millis = if let Turn::HangInBody = turn { 60_000 } else { 20 };
                tokio::time::sleep(Duration::from_millis(millis)).await;
            }
        }
    }

    /// Reads a request, and returns its number.
    async fn read(&self, connection: &mut TcpStream) -> usize {
        let mut text = Vec::new();
        let (head, body) = loop {
            let mut some = [0; 4096];
            let read = connection.read(&mut some).await.unwrap();
            text.extend_from_slice(&some[..read]);
            let all = String::from_utf8_lossy(&text).into_owned();
            if let Some((head, body)) = all.split_once("\r\n\r\n") {
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                let length = length.map_or(0, |length| length.parse::<usize>().unwrap());
                if body.len() >= length
                    || head.contains("transfer-encoding") && body.ends_with("0\r\n\r\n")
                {
                    break (head.to_owned(), body.to_owned());
                }
            }
            assert!(read > 0, "the client has closed the connection: {all}");
        };
        let mut lines = head.lines();
        let line = lines.next().unwrap().to_owned();
        let header = |line: &str| {
            line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        };
        let seen = Seen { line, headers: lines.filter_map(header).collect(), body };
        let mut all = self.seen.lock().unwrap();
        all.push(seen);
        all.len()
    }
}
