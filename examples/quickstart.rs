//! Four calls of a server on this machine that is in trouble, and what happens to each:
//! `cargo run --example quickstart`
//!
//! Beside each event it prints the line of this file that decided it.

use std::error::Error;
use std::fmt;
use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use relent::{Cancel, Details, Jitter, Retry};

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The policy that all four calls share: waits of at most 0.1 s, 0.2 s, 0.4 s, .. and at most 5 attempts.
static POLICY: Retry = Retry::expo().first_wait(ms(100)).max_tries(5);

fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::start()?;

    title("A server that is busy twice");
    let body = POLICY
        .target("busy")
        .on_try(|d| show(d, "Retry::expo()"))
        .on_backoff(|d| show(d, "first_wait(ms(100))"))
        .on_success(|d| show(d, "server.get(\"/busy\")"))
        .run(|| server.get("/busy"))?;
    assert_eq!(body, "hello");

    title("A server that asks for a wait, in async code");
    let policy = POLICY
        .target("throttled")
        // From a header of the answer. The policy never waits for less than that.
        .retry_after(|e: &HttpError| e.retry_after)
        .on_backoff(|d| show(d, ".retry_after("))
        .on_success(|d| show(d, "server.get(\"/throttled\")"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let body = runtime.block_on(policy.run_async(async || server.get("/throttled")))?;
    assert_eq!(body, "hello");

    title("A server that stays down, and a caller that waits for half a second at most");
    let error = POLICY
        .target("down")
        .jitter(Jitter::None)
        .max_time(ms(500))
        .on_backoff(|d| show(d, "Jitter::None)"))
        .on_giveup(|d| show(d, ".max_time("))
        .run(|| server.get("/down"))
        .unwrap_err();
    assert_eq!(error.status, 503);

    title("A call that is cancelled while it waits");
    let shutdown = Cancel::new();
    let error = POLICY
        .target("cancelled")
        .cancelled_by(&shutdown)
        .on_backoff(|d| {
            show(d, "first_wait(ms(100))");
            shutdown.cancel(); // as a signal handler would, on another thread
        })
        .on_giveup(|d| show(d, ".cancelled_by("))
        .run(|| server.get("/down"))
        .unwrap_err();
    assert_eq!(error.status, 503);

    println!("\nOn the right: the line of {} that decided it.", file!());
    Ok(())
}

/// Prints an event as the line that `Details` displays, and the line of this file that decided it.
fn show<T, E: fmt::Display>(d: &Details<'_, T, E>, code: &str) {
    let mut lines = include_str!("quickstart.rs").lines().zip(1..);
    let decides = |(line, _): &(&str, u32)| line.contains(code) && !line.contains("show(");
    let (line, number) = lines.find(decides).expect("the code is in this file");
    let time = dim(&format!("{:>5} ms", d.elapsed.as_millis()));
    println!("{time}  {:<58} {}", d.to_string(), dim(&format!("{number}: {}", line.trim())));
}

fn title(text: &str) {
    let text = if has_colours() { format!("\x1b[1;36m{text}\x1b[0m") } else { text.to_owned() };
    println!("\n{text}");
}

fn dim(text: &str) -> String {
    if has_colours() { format!("\x1b[2m{text}\x1b[0m") } else { text.to_owned() }
}

fn has_colours() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// An answer that is not 200.
#[derive(Debug)]
struct HttpError {
    status: u16,
    retry_after: Option<Duration>,
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}", self.status)
    }
}

impl Error for HttpError {}

/// A server on loopback: `/busy` answers 503 twice, `/throttled` 429 once, and `/down` always 503.
struct Server(std::net::SocketAddr);

impl Server {
    fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        thread::spawn(move || {
            let (mut busy, mut throttled) = (2, 1);
            for stream in listener.incoming() {
                let mut stream = stream?;
                let mut request = String::new();
                BufReader::new(&stream).read_line(&mut request)?;
                let answer = match request.split(' ').nth(1) {
                    Some("/busy") if busy > 0 => {
                        busy -= 1;
                        "503 Service Unavailable\r\n\r\n"
                    }
                    Some("/throttled") if throttled > 0 => {
                        throttled -= 1;
                        "429 Too Many Requests\r\nretry-after: 1\r\n\r\n"
                    }
                    Some("/down") => "503 Service Unavailable\r\n\r\n",
                    _ => "200 OK\r\n\r\nhello",
                };
                write!(stream, "HTTP/1.0 {answer}")?;
            }
            io::Result::Ok(())
        });
        Ok(Self(address))
    }

    /// A client that is as small as can be: a real one is in the guide's recipes.
    fn get(&self, path: &str) -> Result<String, HttpError> {
        let answer = self.answer(path).map_err(|_| HttpError { status: 0, retry_after: None })?;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        if status == 200 {
            return Ok(body.to_owned());
        }
        let seconds = head.lines().find_map(|line| line.strip_prefix("retry-after: "));
        let seconds = seconds.and_then(|seconds| seconds.parse().ok());
        Err(HttpError { status, retry_after: seconds.map(Duration::from_secs) })
    }

    fn answer(&self, path: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect(self.0)?;
        write!(stream, "GET {path} HTTP/1.0\r\n\r\n")?;
        io::read_to_string(stream)
    }
}
