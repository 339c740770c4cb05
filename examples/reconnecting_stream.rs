//! A stream of lines from a TCP server that fails in every phase of a connection. No line is lost, and none comes
//! twice: `cargo run --example reconnecting_stream`

use std::io::{self, ErrorKind::UnexpectedEof};
use std::pin::pin;
use std::time::Duration;

use futures::{Stream, TryStreamExt, stream};
use relent::Retry;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// A numbered line of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    number: u32,
    text: String,
}

/// Waits are short here, so that the program is: usually the longest is some seconds.
static POLICY: Retry =
    Retry::expo().first_wait(Duration::from_millis(5)).max_wait(Duration::from_millis(50));

/// Asks for all lines after the last one that was received. The connection is established when the server has answered.
async fn connect(
    address: &str,
    last: Option<u32>,
) -> io::Result<impl Stream<Item = io::Result<Line>> + use<>> {
    let mut server = BufReader::new(TcpStream::connect(address).await?);
    server.write_all(format!("after {}\n", last.unwrap_or(0)).as_bytes()).await?;
    match read(&mut server).await?.as_str() {
        "ok" => Ok(stream::try_unfold(server, async |mut server| {
            let line = read(&mut server).await?;
            Ok(parse(&line)?.map(|line| (line, server)))
        })),
        other => Err(io::Error::other(format!("the server says {other:?}"))),
    }
}

/// Reads a whole line. The part of a line before a connection is lost is none.
async fn read(server: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut line = String::new();
    server.read_line(&mut line).await?;
    match line.strip_suffix('\n') {
        Some(line) => Ok(line.into()),
        None => Err(UnexpectedEof.into()),
    }
}

/// `None` is the end of all lines.
fn parse(line: &str) -> io::Result<Option<Line>> {
    if line == "end" {
        return Ok(None);
    }
    let (number, text) = line.split_once(' ').ok_or(io::ErrorKind::InvalidData)?;
    let number = number.parse().map_err(io::Error::other)?;
    Ok(Some(Line { number, text: text.into() }))
}

/// What the server does with a connection.
enum Does {
    /// It drops the connection before it answers.
    DiesWhileConnecting,
    DiesBeforeTheFirstLine,
    /// It drops the connection after so many lines, and half of one more.
    DiesAfter(u32),
    /// It sends so many lines, and then nothing.
    IsQuietAfter(u32),
    /// It sends all lines that are left, and says that these are all.
    SendsTheRest,
}

const LINES: u32 = 12;

/// Serves one connection after the other. Reports which lines each client asks for.
async fn serve(listener: TcpListener, asked: UnboundedSender<u32>) -> io::Result<()> {
    use Does::{
        DiesAfter, DiesBeforeTheFirstLine, DiesWhileConnecting, IsQuietAfter, SendsTheRest,
    };
    let mut quiet = Vec::new();
    let script = [
        DiesWhileConnecting,
        DiesBeforeTheFirstLine,
        DiesAfter(3),
        IsQuietAfter(2),
        DiesWhileConnecting,
        DiesAfter(0),
        DiesAfter(4),
        SendsTheRest,
    ];
    for does in script {
        let mut client = BufReader::new(listener.accept().await?.0);
        let last = read(&mut client).await?;
        let last: u32 = last.trim_start_matches("after ").parse().map_err(io::Error::other)?;
        asked.send(last).ok();
        let (whole, part) = match does {
            DiesWhileConnecting => continue,
            DiesBeforeTheFirstLine | DiesAfter(0) => (0, ""),
            DiesAfter(lines) => (lines, "1"),
            IsQuietAfter(lines) => (lines, ""),
            SendsTheRest => (LINES - last, "end\n"),
        };
        let lines = (last + 1..=last + whole).map(|number| format!("{number} line {number}\n"));
        let answer = format!("ok\n{}{part}", lines.collect::<String>());
        client.write_all(answer.as_bytes()).await?;
        if let IsQuietAfter(_) = does {
            quiet.push(client);
        }
    }
    Ok(())
}

async fn all(mut asked: UnboundedReceiver<u32>) -> Vec<u32> {
    let mut all = Vec::new();
    while let Some(last) = asked.recv().await {
        all.push(last);
    }
    all
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let (report, asked) = unbounded_channel();
    let server = tokio::spawn(serve(listener, report));

    let policy = POLICY.target("the server").on_backoff(|d| println!("{d}"));
    let lines = policy
        .stream(|last| connect(&address, last))
        .resume_by(|line: &Line| line.number)
        .connect_timeout(Duration::from_secs(5))
        .idle_timeout(Duration::from_millis(100));
    let mut lines = pin!(lines);
    let mut numbers = Vec::new();
    while let Some(line) = lines.try_next().await? {
        println!("{}", line.text);
        numbers.push(line.number);
    }

    assert!(numbers.iter().copied().eq(1..=LINES), "a line is lost or doubled: {numbers:?}");
    server.await.map_err(io::Error::other)??;
    assert_eq!(all(asked).await, [0, 0, 0, 3, 5, 5, 5, 9]);
    Ok(())
}
