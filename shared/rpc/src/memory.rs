//! Connections inside one process: a duplex stream for each, so that HTTP/2 with its deadlines,
//! flow control and graceful stop works as over TCP. An address can be dialed again after its
//! server was replaced.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::io::DuplexStream;
use tokio::sync::mpsc;

/// How many bytes wait in one direction of a connection.
const BUFFER_BYTES: usize = 256 * 1024;
/// How many connections wait to be accepted.
const BACKLOG: usize = 64;

/// An address in this process. Clones are the same address.
#[derive(Clone, Debug, Default)]
pub struct Address {
    listener: Arc<Mutex<Option<mpsc::Sender<DuplexStream>>>>,
}

impl Address {
    /// An address at which nobody listens yet.
    pub fn new() -> Address {
        Address::default()
    }

    /// Listens here from now on, in place of whoever did before.
    pub fn listen(&self) -> Listener {
        let (sender, incoming) = mpsc::channel(BACKLOG);
        *self.listener.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        Listener { incoming }
    }

    /// A new connection.
    ///
    /// # Errors
    /// Connection refused when nobody listens.
    async fn dial(&self) -> io::Result<DuplexStream> {
        let listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let refused = || io::Error::new(io::ErrorKind::ConnectionRefused, "nobody listens at this in-memory address");
        let listener = listener.ok_or_else(refused)?;
        let (ours, theirs) = tokio::io::duplex(BUFFER_BYTES);
        listener.send(theirs).await.map_err(|_| refused())?;
        Ok(ours)
    }
}

/// Accepts the connections to an address.
#[derive(Debug)]
pub struct Listener {
    incoming: mpsc::Receiver<DuplexStream>,
}

impl tokio_stream::Stream for Listener {
    type Item = io::Result<DuplexStream>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.incoming.poll_recv(context).map(|stream| stream.map(Ok))
    }
}

/// Dials an address whatever the URI says: the connector of an in-memory channel.
#[derive(Clone, Debug)]
pub(crate) struct Dialer(pub(crate) Address);

impl tower::Service<Uri> for Dialer {
    type Response = TokioIo<DuplexStream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let address = self.0.clone();
        Box::pin(async move { address.dial().await.map(TokioIo::new) })
    }
}
