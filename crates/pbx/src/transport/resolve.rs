//! Asks the DNS where a SIP name leads: the questions and the order of what comes are of `sip/locate`, here is the asking, with
//! a bounded cache, a bounded number of searches at a time and a deadline for each.
use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts},
    net::runtime::TokioRuntimeProvider,
    proto::rr::{RData, RecordType},
};
use kiestoon_call::Search;
use kiestoon_sip::{
    flow::{Flow, Transport},
    locate::{Answer, Locate, Naptr, Query, Question, Srv, Target},
};
use rand_chacha::ChaCha12Rng;
use rand_core::{Rng as _, SeedableRng as _};
use tokio::{sync::mpsc, time::timeout};

use crate::{
    media::address_towards,
    task::{self, Task},
};

/// The answer to one search.
#[derive(Debug)]
pub(crate) struct Resolved {
    /// As asked.
    pub(crate) id: Search,
    /// What was searched for.
    pub(crate) name: Box<str>,
    /// In the order that they are tried.
    pub(crate) flows: Vec<Flow>,
}

/// Searches under way. Owned by the signalling task.
pub(crate) struct Resolver {
    dns: Option<TokioResolver>,
    listen: Vec<(Transport, SocketAddr)>,
    answers: mpsc::Sender<Resolved>,
    searches: Vec<Task<()>>,
    random: ChaCha12Rng,
}

impl Resolver {
    /// Asks `servers`, or those of the system where there are none. `answers` has room for as many as are searched for
    /// at a time.
    pub(crate) fn new(
        servers: &[SocketAddr],
        listen: Vec<(Transport, SocketAddr)>,
        answers: mpsc::Sender<Resolved>,
        seed: [u8; 32],
    ) -> Self {
        let random = ChaCha12Rng::from_seed(seed);
        Self { dns: resolver(servers), listen, answers, searches: Vec::new(), random }
    }

    /// Searches for the ways to a target; the answer comes on the queue, whatever it is.
    pub(crate) fn search(&mut self, id: Search, query: Query) {
        self.searches.retain(|search| !search.is_finished());
        let (answers, listen) = (self.answers.clone(), self.listen.clone());
        // Too many at a time: this one is answered by nothing, like a name that does not exist.
        let dns = self.dns.clone().filter(|_| self.searches.len() < SEARCHES);
        let mut random = ChaCha12Rng::seed_from_u64(self.random.next_u64());
        self.searches.push(task::spawn("resolve", async move {
            let can = transports(&listen, &query);
            let name = query.host.clone();
            let mut locate = Locate::new(query, &can);
            if let Some(dns) = dns {
                // What is known when time is up is used.
                let _ = timeout(DEADLINE, ask_all(&dns, &mut locate, &mut random, |_| {})).await;
            }
            let flows = locate.targets().into_iter().filter_map(|target| flow(target, &listen)).collect();
            let _ = answers.send(Resolved { id, name, flows }).await;
        }));
    }
}

/// Searches at a time.
pub(crate) const SEARCHES: usize = 256;

/// Who asks these servers, or those of the system where there are none; None, said in the log, where it knows none either.
pub(crate) fn resolver(servers: &[SocketAddr]) -> Option<TokioResolver> {
    let built = if servers.is_empty() {
        TokioResolver::builder_tokio()
    } else {
        let config = ResolverConfig::from_parts(None, Vec::new(), servers.iter().map(server).collect());
        Ok(TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()))
    };
    let resolver = built.and_then(|mut builder| {
        bound(builder.options_mut());
        builder.build()
    });
    resolver.inspect_err(|error| tracing::warn!(%error, "names of sip hosts cannot be looked up")).ok()
}

fn server(address: &SocketAddr) -> NameServerConfig {
    let at_port = |mut connection: ConnectionConfig| {
        connection.port = address.port();
        connection
    };
    let connections = vec![at_port(ConnectionConfig::udp()), at_port(ConnectionConfig::tcp())];
    NameServerConfig::new(address.ip(), true, connections)
}

fn bound(options: &mut ResolverOpts) {
    options.timeout = ATTEMPT;
    options.attempts = 1;
    options.cache_size = CACHED;
    options.positive_max_ttl = Some(LONGEST_TTL);
    options.negative_max_ttl = Some(LONGEST_NEGATIVE_TTL);
}

/// A question, and why it has no answer where it has none.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) question: Question,
    pub(crate) answer: Result<Answer, Unanswered>,
}

/// Why a question has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unanswered {
    /// There is no such name.
    NoName,
    /// The name is there, and has no such records.
    NoRecords,
    /// Nobody answered, or not with an answer.
    Failed(String),
}

/// What a search came to, for who wants to know how.
#[derive(Debug)]
pub(crate) struct Trace {
    pub(crate) asked: Vec<Asked>,
    pub(crate) flows: Vec<Flow>,
    /// Addresses that none of ours reaches.
    pub(crate) out_of_reach: Vec<SocketAddr>,
}

/// Searches for the ways to a target as [`Resolver::search`] does, and tells of each question.
pub(crate) async fn trace(
    dns: Option<&TokioResolver>,
    query: Query,
    listen: &[(Transport, SocketAddr)],
    random: &mut ChaCha12Rng,
) -> Trace {
    let can = transports(listen, &query);
    let mut locate = Locate::new(query, &can);
    let mut asked = Vec::new();
    if let Some(dns) = dns {
        let _ = timeout(DEADLINE, ask_all(dns, &mut locate, random, |one| asked.push(one))).await;
    }
    let (mut flows, mut out_of_reach) = (Vec::new(), Vec::new());
    for target in locate.targets() {
        match flow(target, listen) {
            Some(flow) => flows.push(flow),
            None => out_of_reach.push(target.address),
        }
    }
    Trace { asked, flows, out_of_reach }
}

async fn ask_all(
    dns: &TokioResolver,
    locate: &mut Locate,
    random: &mut ChaCha12Rng,
    mut tell: impl FnMut(Asked),
) {
    while let Some(question) = locate.question() {
        let answer = ask(dns, &question).await;
        let known = answer.clone().unwrap_or_else(|_| nothing(&question));
        tell(Asked { question, answer });
        locate.answer(known, &mut || random.next_u64());
    }
}

/// A question that fails is one without an answer.
fn nothing(question: &Question) -> Answer {
    match question {
        Question::Naptr(_) => Answer::Naptr(Vec::new()),
        Question::Srv(_) => Answer::Srv(Vec::new()),
        Question::Addresses(_) => Answer::Addresses(Vec::new()),
    }
}

async fn ask(dns: &TokioResolver, question: &Question) -> Result<Answer, Unanswered> {
    Ok(match question {
        Question::Naptr(name) => Answer::Naptr(records(dns, name, RecordType::NAPTR, naptr).await?),
        Question::Srv(name) => Answer::Srv(records(dns, name, RecordType::SRV, srv).await?),
        Question::Addresses(name) => {
            let (v4, v6) = tokio::join!(
                records(dns, name, RecordType::A, address),
                records(dns, name, RecordType::AAAA, address)
            );
            match (v4, v6) {
                (Ok(mut v4), Ok(v6)) => {
                    v4.extend(v6);
                    Answer::Addresses(v4)
                }
                (Ok(found), Err(_)) | (Err(_), Ok(found)) => Answer::Addresses(found),
                (Err(failed @ Unanswered::Failed(_)), _) | (_, Err(failed)) => return Err(failed),
            }
        }
    })
}

async fn records<T>(
    dns: &TokioResolver,
    name: &str,
    kind: RecordType,
    read: impl Fn(&RData) -> Option<T>,
) -> Result<Vec<T>, Unanswered> {
    // With the dot at its end a name is whole: the search list of the system is not for peers.
    let name = format!("{}.", name.trim_end_matches('.'));
    match dns.lookup(name.as_str(), kind).await {
        Ok(found) => Ok(found.answers().iter().filter_map(|record| read(&record.data)).collect()),
        Err(error) => {
            tracing::debug!(%name, %kind, %error, "no records");
            Err(match error {
                error if error.is_nx_domain() => Unanswered::NoName,
                error if error.is_no_records_found() => Unanswered::NoRecords,
                error => Unanswered::Failed(error.to_string()),
            })
        }
    }
}

fn naptr(data: &RData) -> Option<Naptr> {
    let RData::NAPTR(record) = data else { return None };
    Some(Naptr {
        order: record.order,
        preference: record.preference,
        flags: String::from_utf8_lossy(&record.flags).into(),
        service: String::from_utf8_lossy(&record.services).into(),
        replacement: record.replacement.to_ascii().into(),
    })
}

fn srv(data: &RData) -> Option<Srv> {
    let RData::SRV(record) = data else { return None };
    let (priority, weight, port) = (record.priority, record.weight, record.port);
    Some(Srv { priority, weight, port, target: record.target.to_ascii().into() })
}

fn address(data: &RData) -> Option<IpAddr> {
    match data {
        RData::A(ip) => Some(IpAddr::V4(ip.0)),
        RData::AAAA(ip) => Some(IpAddr::V6(ip.0)),
        _ => None,
    }
}

/// The transports that we can begin a conversation over, the one that needs no connection first. Over TLS nobody has to serve it
/// for that, but where the choice is ours a peer could not open a connection back.
fn transports(listen: &[(Transport, SocketAddr)], query: &Query) -> Vec<Transport> {
    let served = |transport| {
        listen.iter().any(|(of, _)| *of == transport)
            || (transport == Transport::Tls && query.transport == Some(Transport::Tls))
    };
    [Transport::Udp, Transport::Tcp, Transport::Tls]
        .into_iter()
        .filter(|transport| served(*transport))
        .collect()
}

/// The way to a target, with the address of ours that reaches it; None where we have none of its family.
fn flow(target: Target, listen: &[(Transport, SocketAddr)]) -> Option<Flow> {
    let Target { transport, address } = target;
    let towards = address_towards(address.ip()).ok()?;
    let serves = |ip: IpAddr| ip == towards || (ip.is_unspecified() && ip.is_ipv4() == towards.is_ipv4());
    let listener = listen.iter().find(|(of, listener)| *of == transport && serves(listener.ip()));
    let port = match (listener, transport) {
        (Some((_, listener)), _) => listener.port(),
        (None, Transport::Tls) => SIPS_PORT,
        (None, _) => return None,
    };
    let local = SocketAddr::new(towards, port);
    Some(Flow { transport, local, remote: address, connection: None })
}

/// What we are said to be at where nothing of ours listens for TLS: what answers comes over the connection that we opened.
const SIPS_PORT: u16 = 5061;
const DEADLINE: Duration = Duration::from_secs(4);
const ATTEMPT: Duration = Duration::from_secs(1);
const CACHED: u64 = 1_024;
const LONGEST_TTL: Duration = Duration::from_secs(3_600);
const LONGEST_NEGATIVE_TTL: Duration = Duration::from_secs(60);
