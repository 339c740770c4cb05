//! The servers, started for one test on this machine.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::Error;

/// How long a server may take to start, on a busy machine.
const START: Duration = Duration::from_secs(60);

/// A directory that is removed at the end.
struct TemporaryDirectory(PathBuf);

impl TemporaryDirectory {
    /// The path is short, since that of a unix socket in it has at most 107 bytes.
    fn new(name: &str) -> Result<Self, Error> {
        let path = std::env::temp_dir().join(format!("relent-{name}-{}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for TemporaryDirectory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A port that was free a moment ago.
fn free_port() -> Result<u16, Error> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn wait_until(what: &str, mut ready: impl FnMut() -> Result<bool, Error>) -> Result<(), Error> {
    let began = Instant::now();
    while !ready()? {
        if began.elapsed() > START {
            return Err(format!("{what} does not start").into());
        }
        sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// A NATS server with `JetStream`.
pub struct Nats {
    child: Child,
    pub address: String,
    _directory: TemporaryDirectory,
}

impl Nats {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no `nats-server`, or if it does not start.
    pub fn start() -> Result<Self, Error> {
        let directory = TemporaryDirectory::new("nats")?;
        let address = format!("127.0.0.1:{}", free_port()?);
        let child = Command::new("nats-server")
            .args([
                "--jetstream",
                "--addr",
                "127.0.0.1",
                "--port",
                address.rsplit(':').next().unwrap_or_default(),
            ])
            .arg("--store_dir")
            .arg(&directory.0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("nats-server: {e}"))?;
        let mut nats = Self { child, address, _directory: directory };
        wait_until("nats-server", || {
            if let Some(status) = nats.child.try_wait()? {
                return Err(format!("nats-server ended: {status}").into());
            }
            // It greets every client.
            let Ok(mut client) = std::net::TcpStream::connect(&nats.address) else {
                return Ok(false);
            };
            client.set_read_timeout(Some(Duration::from_secs(1)))?;
            let mut greeting = [0; 4];
            Ok(client.read_exact(&mut greeting).is_ok() && &greeting == b"INFO")
        })?;
        Ok(nats)
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A `PostgreSQL` server on a unix socket.
pub struct Postgres {
    programs: PathBuf,
    /// For `tokio_postgres::connect`.
    pub address: String,
    directory: TemporaryDirectory,
}

impl Postgres {
    /// Starts it. As root, it runs as the user `postgres`, since it refuses to run as root.
    ///
    /// # Errors
    ///
    /// Returns an error if it is not installed, or does not start.
    pub fn start() -> Result<Self, Error> {
        let programs = Self::programs().ok_or("PostgreSQL is not installed")?;
        let directory = TemporaryDirectory::new("pg")?;
        let path = directory.0.display();
        let address = format!("host={path} user=postgres dbname=postgres");
        let server = Self { programs, address, directory };
        if is_root()? {
            run(Command::new("chown").arg("postgres").arg(&server.directory.0))?;
        }
        run(server
            .command("initdb")
            .args(["--username=postgres", "--auth=trust", "--no-sync", "-D"])
            .arg(server.data()))?;
        // No test crashes the server, so nothing needs to be synchronised.
        let options = format!(
            "-c listen_addresses= -c unix_socket_directories={} -c fsync=off",
            server.directory.0.display()
        );
        run(server
            .command("pg_ctl")
            .args(["start", "--wait", "--silent", "-o", &options, "-l"])
            .arg(server.directory.0.join("log"))
            .arg("-D")
            .arg(server.data()))?;
        Ok(server)
    }

    /// Where Debian has them, or where `$PATH` does.
    fn programs() -> Option<PathBuf> {
        let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let debian = versions.map(|version| version.path().join("bin"));
        let path = std::env::var_os("PATH").unwrap_or_default();
        debian
            .chain(std::env::split_paths(&path))
            .find(|bin| bin.join("initdb").is_file() && bin.join("pg_ctl").is_file())
    }

    fn data(&self) -> PathBuf {
        self.directory.0.join("data")
    }

    fn command(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        let mut command = if is_root().unwrap_or(false) {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        // The user may not enter the directory of the caller.
        command.current_dir(Path::new("/"));
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _ = run(self
            .command("pg_ctl")
            .args(["stop", "--mode=immediate", "--silent", "-D"])
            .arg(self.data()));
    }
}

fn is_root() -> Result<bool, Error> {
    Ok(Command::new("id").arg("-u").output()?.stdout == b"0\n")
}

fn run(command: &mut Command) -> Result<(), Error> {
    // Not `output()`: the server would inherit the pipes, and they would never end.
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .map_err(|e| format!("{command:?}: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?}: {status}").into()) }
}
