//! Pattern 7, traces: a run and each of its attempts are spans, so that a call that was saved by its third attempt does
//! not look like a slow call.
//!
//! The spans go to an exporter of OpenTelemetry's SDK, which keeps them in memory here, and are read back from there as a
//! tree. For a collector, build the provider with the exporter of the crate `opentelemetry-otlp` instead:
//! `.with_batch_exporter(opentelemetry_otlp::SpanExporter::builder().with_tonic().build()?)`.

use std::error::Error;
use std::io;
use std::time::Duration;

use opentelemetry::trace::{SpanId, Status, TracerProvider as _};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use relent::wait::Constant;
use relent::{Jitter, Retry};
use tracing::{Instrument as _, info_span};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

static API: Retry<Constant> =
    Retry::constant(Duration::from_millis(20)).max_tries(3).jitter(Jitter::None);

/// A client with spans of its own, as those for HTTP have them. Answers with the third attempt, except for 404.
async fn send(path: &'static str, tries: u32) -> io::Result<u32> {
    async {
        tokio::task::yield_now().await;
        if tries < 3 || path == "/404" { Err(io::Error::other("refused")) } else { Ok(200) }
    }
    .instrument(info_span!("GET", path))
    .await
}

async fn handle(path: &'static str) -> io::Result<u32> {
    let policy = API.target("fetch_user");
    policy.traced().run_attempt_async(|attempt| send(path, attempt.tries)).await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("relent"));
    tracing_subscriber::registry().with(layer).init();

    // Two requests at once on one thread, whose spans must not be mixed up.
    let saved = handle("/200").instrument(info_span!("request", path = "/200"));
    let failed = handle("/404").instrument(info_span!("request", path = "/404"));
    let (saved, failed) = tokio::join!(saved, failed);
    assert_eq!((saved?, failed.is_err()), (200, true));

    // From here on: what has arrived?
    provider.force_flush()?;
    let spans = exporter.get_finished_spans()?;
    let mut roots: Vec<_> =
        children(&spans, SpanId::INVALID).iter().map(|root| tree(&spans, root, 0)).collect();
    roots.sort();
    let found = roots.concat();
    print!("{found}");
    assert_eq!(
        found,
        "\
request path=/200
  retry operation=fetch_user tries=3 [ok]
    attempt attempt=1 outcome=failure [error]
      GET path=/200
    attempt attempt=2 resend_count=1 wait_ms=20 outcome=failure [error]
      GET path=/200
    attempt attempt=3 resend_count=2 wait_ms=20 outcome=success
      GET path=/200
request path=/404
  retry operation=fetch_user tries=3 reason=max_tries [error]
    attempt attempt=1 outcome=failure [error]
      GET path=/404
    attempt attempt=2 resend_count=1 wait_ms=20 outcome=failure [error]
      GET path=/404
    attempt attempt=3 resend_count=2 wait_ms=20 outcome=failure [error]
      GET path=/404
"
    );
    // The waits are between the spans of the attempts, and within that of the run.
    let run = spans.iter().find(|span| span.name == "retry").ok_or("no span")?;
    assert!(run.end_time.duration_since(run.start_time)? >= Duration::from_millis(40));
    Ok(())
}

/// The spans with this parent, in the order in which they began.
fn children(spans: &[SpanData], parent: SpanId) -> Vec<&SpanData> {
    let mut children: Vec<_> = spans.iter().filter(|span| span.parent_span_id == parent).collect();
    children.sort_by_key(|span| span.start_time);
    children
}

/// The fields of the spans here. The layer adds others of its own.
const FIELDS: [&str; 8] =
    ["operation", "path", "tries", "reason", "attempt", "resend_count", "wait_ms", "outcome"];

/// A span and its children, a line each.
fn tree(spans: &[SpanData], span: &SpanData, depth: usize) -> String {
    let fields = span.attributes.iter().filter(|field| FIELDS.contains(&field.key.as_str()));
    let fields: Vec<_> = fields.map(|field| format!(" {}={}", field.key, field.value)).collect();
    let mut line = format!("{:2$}{}{3}", "", span.name, 2 * depth, fields.concat());
    line += match span.status {
        Status::Unset => "\n",
        Status::Ok => " [ok]\n",
        Status::Error { .. } => " [error]\n",
    };
    for child in children(spans, span.span_context.span_id()) {
        line += &tree(spans, child, depth + 1);
    }
    line
}
