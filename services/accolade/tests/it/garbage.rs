//! Garbage at the API port ends a connection or a call, never the process; and no method of the suite answers
//! nonsense with a defect of ours.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use accolade::compose::now_of;
use anyhow::{Context, Result, ensure};
use boot::Clock;
use bytes::{Buf, BufMut, Bytes};
use proto::r#type::v1::Role;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rpc::Caller;
use rpc::client::{Channel, Identity, Settings};
use rpc::policy::Policy;
use rpc::token::{Audience, Tokens};
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Code, Request, Status};

use crate::ports;
use crate::running::Running;

const KEY: &str = "the key of a suite that is fed garbage";

/// The whole suite as a newcomer serves it, ready.
async fn served(folder: &Path) -> Result<(Running, SocketAddr)> {
    let (api, admin) = (ports::free()?, ports::free()?);
    let settings =
        [format!("listen={api}"), format!("admin={admin}"), format!("caller_key={KEY}"), "log.filter=error".to_owned()];
    let mut arguments = vec!["serve"];
    arguments.extend(settings.iter().flat_map(|setting| ["--set", setting.as_str()]));
    let running = Running::start(folder, &arguments);
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    while !matches!(rpc::health::ask(&format!("http://{admin}"), "").await, Ok(rpc::health::Serving::Ready)) {
        ensure!(
            Instant::now() < deadline,
            "the suite is not ready: {:?}",
            running.lines.try_iter().collect::<Vec<_>>()
        );
        looks.tick().await;
    }
    Ok((running, api))
}

fn wire(api: SocketAddr) -> Result<Channel> {
    let tokens = Tokens::new(KEY.as_bytes(), Audience::Gateway, now_of(&Clock::system()));
    let manager = Identity::issued(tokens, Caller::staff("manager", Role::ProgramManager));
    Ok(Channel::tcp(&format!("http://{api}"), Settings { attempts: 1, ..Settings::default() }, manager)?)
}

/// What somebody may send who does not speak HTTP/2, or speaks it badly.
fn nonsense(random: &mut ChaCha8Rng) -> Vec<u8> {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let mut noise = vec![0; random.random_range(1..4_000)];
    random.fill_bytes(&mut noise);
    let frame = |length: u32, kind: u8, flags: u8, stream: u32, body: &[u8]| {
        let mut frame = length.to_be_bytes()[1..].to_vec();
        frame.extend([kind, flags]);
        frame.extend(stream.to_be_bytes());
        frame.extend(body);
        frame
    };
    let spoken = match random.random_range(0..9) {
        0 => return noise,
        1 => return b"GET / HTTP/1.1\r\nHost: accolade\r\n\r\n".to_vec(),
        2 => return [b"\x16\x03\x01\x02\x00\x01".as_slice(), &noise].concat(),
        3 => return PREFACE[..random.random_range(0..PREFACE.len())].to_vec(),
        // A length that is never sent, headers that are no HPACK, a stream that was never opened, a frame of
        // no known kind, endless settings.
        4 => frame(0x00ff_ffff, 0, 0, 1, &noise),
        5 => frame(u32::try_from(noise.len()).unwrap_or(0), 1, 4, 1, &noise),
        6 => frame(u32::try_from(noise.len()).unwrap_or(0), 0, 1, 77, &noise),
        7 => frame(u32::try_from(noise.len()).unwrap_or(0), random.random(), random.random(), random.random(), &noise),
        _ => frame(0, 4, 0, 0, &[]).repeat(2_000),
    };
    [PREFACE, &frame(0, 4, 0, 0, &[]), &spoken].concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_at_the_port_ends_a_connection_and_nothing_else() -> Result<()> {
    const CONNECTIONS: usize = 300;
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let folder = tempfile::tempdir()?;
    let (running, api) = served(folder.path()).await?;
    let mut open = Vec::new();
    let mut closed = 0;
    for _ in 0..CONNECTIONS {
        let mut stream = TcpStream::connect(api).with_context(|| format!("the port is gone (seed {seed})"))?;
        stream.set_read_timeout(Some(Duration::from_millis(5)))?;
        // The other side may hang up while it is being shouted at.
        let _ = stream.write_all(&nonsense(&mut random));
        let mut answer = [0; 4_096];
        match stream.read(&mut answer) {
            Ok(0) => closed += 1,
            // Left open and silent for a while: idle connections are no reason to fail either.
            _ if open.len() < 50 => open.push(stream),
            _ => {}
        }
    }
    println!("{closed} hung up at once, {} left open", open.len());
    alive(api).await.with_context(|| format!("seed {seed}"))?;
    drop(open);
    running.kill();
    Ok(())
}

/// Asks something simple.
async fn alive(api: SocketAddr) -> Result<()> {
    use proto::registry::v1::ListPartnersRequest;
    use proto::registry::v1::partner_service_client::PartnerServiceClient;
    PartnerServiceClient::new(wire(api)?).list_partners(ListPartnersRequest::default()).await?;
    Ok(())
}

/// A message that is bytes.
#[derive(Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Raw;
    type Decoder = Raw;

    fn encoder(&mut self) -> Raw {
        Raw
    }

    fn decoder(&mut self) -> Raw {
        Raw
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}

/// Messages that no client makes: nothing, noise, and names and numbers where none are expected.
fn messages(random: &mut ChaCha8Rng) -> Vec<Bytes> {
    let mut noise = vec![0; random.random_range(1..200)];
    random.fill_bytes(&mut noise);
    let mut all = vec![Bytes::new(), Bytes::from(noise)];
    let long = "x".repeat(300);
    let odd =
        ["-", "partners/", "partners/-", "customers/a/subscriptions/", "../..", "%00", "\u{0}", "🦀", "'; --", &long];
    for text in odd {
        let mut message = Vec::new();
        // The same text in each of the first fields: length-delimited, as names and messages are.
        for field in 1..=random.random_range(1..=8_u8) {
            message.push(field << 3 | 2);
            if let Some(more) = (text.len() / 128).try_into().ok().filter(|more: &u8| *more > 0) {
                message.extend([(text.len() % 128) as u8 | 128, more]);
            } else {
                message.push(text.len() as u8);
            }
            message.extend(text.as_bytes());
        }
        all.push(Bytes::from(message));
    }
    // Numbers that are as large as can be: page sizes, times, etags.
    all.push(Bytes::from_static(
        b"\x10\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    ));
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_method_answers_nonsense_with_a_defect() -> Result<()> {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let folder = tempfile::tempdir()?;
    let (running, api) = served(folder.path()).await?;
    let wire = wire(api)?;
    let methods: Vec<_> = Policy::shipped().map_err(|error| anyhow::anyhow!("{error}"))?.methods().collect();
    ensure!(methods.len() > 100, "only {} methods", methods.len());
    let (mut refused, mut defects) = (0, Vec::new());
    for method in methods {
        for message in messages(&mut random) {
            let mut request = Request::new(tokio_stream::once(message.clone()));
            // A feed that is asked for nothing in particular has no end of its own.
            request.set_timeout(Duration::from_secs(5));
            let path = http::uri::PathAndQuery::try_from(method.path.as_str())?;
            let mut call = tonic::client::Grpc::new(wire.clone());
            call.ready().await.map_err(|never| anyhow::anyhow!("{never}"))?;
            let status = match call.streaming(request, path, Raw).await {
                Ok(answers) => answers.into_inner().message().await.err(),
                Err(status) => Some(status),
            };
            let Some(status) = status else { continue };
            refused += 1;
            if matches!(status.code(), Code::Internal | Code::Unknown | Code::DataLoss) {
                defects.push(format!("{} {message:?}: {status}", method.path));
            }
        }
    }
    ensure!(defects.is_empty(), "seed {seed}: {} defects:\n{}", defects.len(), defects.join("\n"));
    ensure!(refused > 500, "only {refused} calls were refused (seed {seed})");
    alive(api).await.with_context(|| format!("seed {seed}"))?;
    running.kill();
    Ok(())
}
