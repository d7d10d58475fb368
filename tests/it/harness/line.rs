//! A line between two processes that a test cuts. As in a network that drops packets, nothing arrives meanwhile and no
//! connection is closed; what was sent arrives after it is mended.

use std::future::pending;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinSet,
};

/// How many bytes are carried at a time.
const PIECE: usize = 64 * 1_024;

/// A line to a port of this machine, until it is dropped.
pub struct Line {
    /// Where it begins.
    pub port: u16,
    state: watch::Sender<State>,
    _carrying: JoinSet<()>,
}

#[derive(Debug, Clone, Copy, Default)]
struct State {
    /// The port where it ends.
    end: u16,
    is_cut: bool,
    /// How often the connections that were open were lost.
    losses: u32,
}

impl Line {
    /// A line whose end is not known yet.
    pub async fn begin() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (state, _) = watch::channel(State::default());
        let mut carrying = JoinSet::new();
        carrying.spawn(carry_connections(listener, state.subscribe()));
        Self {
            port,
            state,
            _carrying: carrying,
        }
    }

    pub fn lead_to(&self, end: u16) {
        self.state.send_modify(|it| it.end = end);
    }

    pub fn cut(&self) {
        self.state.send_modify(|it| it.is_cut = true);
    }

    pub fn mend(&self) {
        self.state.send_modify(|it| it.is_cut = false);
    }

    /// Carries nothing more of the connections that are open; later ones are carried. So it is where another machine takes
    /// over an address.
    pub fn lose_connections(&self) {
        self.state.send_modify(|it| it.losses += 1);
    }
}

async fn carry_connections(listener: TcpListener, mut state: watch::Receiver<State>) {
    let mut carrying = JoinSet::new();
    while let Ok((near, _)) = listener.accept().await {
        // A program that connects does not learn that nothing is carried.
        let Ok(State { end, losses, .. }) = state.wait_for(|it| !it.is_cut).await.map(|it| *it)
        else {
            return;
        };
        let Ok(far) = TcpStream::connect(("127.0.0.1", end)).await else {
            continue;
        };
        let ((questions, back), (answers, on)) = (near.into_split(), far.into_split());
        carrying.spawn(carry((questions, on), state.clone(), losses));
        carrying.spawn(carry((answers, back), state.clone(), losses));
    }
}

/// Carries bytes of one direction while the line is whole and the connection is not lost.
async fn carry(
    (mut from, mut to): (OwnedReadHalf, OwnedWriteHalf),
    mut state: watch::Receiver<State>,
    losses: u32,
) {
    let mut piece = vec![0; PIECE];
    loop {
        let read = from.read(&mut piece).await.unwrap_or_default();
        let Ok(now) = state.wait_for(|it| !it.is_cut).await.map(|it| *it) else {
            return;
        };
        if now.losses > losses {
            return pending().await;
        }
        let carried = to.write_all(&piece[..read]).await;
        if read == 0 || carried.is_err() {
            return;
        }
    }
}
