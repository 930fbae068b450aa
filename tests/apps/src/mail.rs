//! A server that takes mails: SMTP on loopback, without TLS, and only as far
//! as a client of one recipient needs it.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What it does with mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    Takes,
    /// Knows no such mailbox.
    Refuses,
    /// Is too busy to greet anybody.
    Busy,
    /// Takes a mail and hangs up before it says so.
    BreaksOff,
}

/// A mail as it was taken: whom it is for, and its text with its headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub recipient: String,
    pub text: String,
}

/// Ends when it is dropped.
#[derive(Debug)]
pub struct MailServer {
    address: SocketAddr,
    taken: Arc<Mutex<Vec<Taken>>>,
    serving: JoinHandle<()>,
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl MailServer {
    /// Listens once it returns.
    ///
    /// # Errors
    /// When there is no loopback to listen on.
    pub async fn start(manner: Manner) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let taken = Arc::<Mutex<Vec<Taken>>>::default();
        let kept = Arc::clone(&taken);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let kept = Arc::clone(&kept);
                tokio::spawn(async move {
                    // A client that hangs up is no failure of the server.
                    let _gone = converse(stream, manner, &kept).await;
                });
            }
        });
        Ok(Self { address, taken, serving })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn converse(
    stream: TcpStream,
    manner: Manner,
    taken: &Mutex<Vec<Taken>>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    if manner == Manner::Busy {
        return stream.write_all(b"421 too busy\r\n").await;
    }
    stream.write_all(b"220 mail.example.org\r\n").await?;
    let mut recipient = String::new();
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let upper = line.to_ascii_uppercase();
        let answer = if upper.starts_with("EHLO") {
            "250 mail.example.org\r\n"
        } else if upper.starts_with("RCPT") && manner == Manner::Refuses {
            "550 no such mailbox\r\n"
        } else if upper.starts_with("RCPT") {
            recipient = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
            "250 ok\r\n"
        } else if upper.starts_with("DATA") {
            stream.write_all(b"354 go on\r\n").await?;
            let text = data(&mut stream).await?;
            let mail = Taken { recipient: recipient.clone(), text };
            taken.lock().unwrap_or_else(PoisonError::into_inner).push(mail);
            if manner == Manner::BreaksOff {
                return Ok(());
            }
            "250 taken\r\n"
        } else if upper.starts_with("QUIT") {
            return stream.write_all(b"221 bye\r\n").await;
        } else {
            "250 ok\r\n"
        };
        stream.write_all(answer.as_bytes()).await?;
    }
}

/// Up to the line with a dot alone.
async fn data(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut text = String::new();
    loop {
        let start = text.len();
        if stream.read_line(&mut text).await? == 0 {
            return Ok(text);
        }
        if text.get(start..) == Some(".\r\n") {
            text.truncate(start);
            return Ok(text);
        }
    }
}
