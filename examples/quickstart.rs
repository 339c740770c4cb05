//! Calls two busy HTTP servers until they answer, one from sync code and one from async code, and
//! prints every event: `cargo run --example quickstart`

use std::error::Error;
use std::fmt::Display;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use relent::{Details, Retry};

type AnyResult<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// How patient we are: at most 5 tries, with waits of up to 0.2 s, 0.4 s, 0.8 s and 1.6 s.
static POLICY: Retry = Retry::expo().first_wait(Duration::from_millis(200)).max_tries(5);

/// The handler of every event.
fn show<T, E: Display>(d: &Details<'_, T, E>) {
    println!("{:>5} ms  {d}", d.elapsed.as_millis());
}

fn sync_code() -> AnyResult<()> {
    let url = start_busy_server()?;
    // The server is on this machine: a proxy would not find it.
    let client = ureq::Agent::new_with_config(ureq::Agent::config_builder().proxy(None).build());

    // `ureq` makes an error of every status that is not a success, here of 503.
    let body = POLICY
        .on_try(show)
        .on_backoff(show)
        .on_success(show)
        .on_giveup(show)
        .run(|| client.get(&url).call()?.body_mut().read_to_string())?;

    assert_eq!(body, "hello");
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn async_code() -> AnyResult<()> {
    let url = start_busy_server()?;
    let client = Client::builder(TokioExecutor::new()).build_http();

    let body = POLICY
        .on_try(show)
        .on_backoff(show)
        .on_success(show)
        .on_giveup(show)
        .run_async(|| get(&client, &url))
        .await?;

    assert_eq!(body, "hello");
    Ok(())
}

/// `hyper` leaves it to us to make an error of a bad status.
async fn get(client: &Client<HttpConnector, String>, url: &str) -> AnyResult<String> {
    let response = client.get(url.parse()?).await?;
    if !response.status().is_success() {
        return Err(format!("http status: {}", response.status()).into());
    }
    let body = response.into_body().collect().await?.to_bytes();
    Ok(String::from_utf8(body.to_vec())?)
}

/// Starts a server that answers two requests with 503 and all others with 200; returns its URL.
fn start_busy_server() -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}/", listener.local_addr()?);
    thread::spawn(move || -> io::Result<()> {
        for number in 1.. {
            let (mut stream, _) = listener.accept()?;
            // A request without a body ends with an empty line.
            let mut request = BufReader::new(&stream).lines().map_while(Result::ok);
            request.find(String::is_empty);
            let status = if number <= 2 { "503 Service Unavailable" } else { "200 OK" };
            write!(
                stream,
                "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello"
            )?;
        }
        Ok(())
    });
    Ok(url)
}

fn main() -> AnyResult<()> {
    println!("Sync code, with `run` and the client `ureq`:");
    sync_code()?;
    println!("Async code, with `run_async` and the client `hyper`:");
    async_code()
}
