//! A proxy that ends TLS, as those of companies do: the login is bound to the certificate that we see, and a host that
//! looks at the binding lets nobody in.

use crate::{
    proxies::{Protocol, Proxy, Rules},
    sealed::IDENTIFY,
    server::Identity,
};
use hyperv_wsman::{
    sim::{Host, Inventory, Server, Settings},
    transport::{
        Answer, Credentials, Exchange, Fingerprint, HttpSettings, HttpTransport, Phase, Secret,
        Transport as _, TransportError, TransportErrorKind, Trust,
    },
};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use std::{net::SocketAddr, sync::Arc};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{
    TlsAcceptor, TlsConnector,
    rustls::{ClientConfig, RootCertStore, ServerConfig, crypto::ring},
};

async fn host(binding: &str) -> Server {
    let inventory = format!("[auth]\nchannel_binding = \"{binding}\"\n");
    let mut settings = Settings::default();
    settings.inventory = Inventory::from_toml(&inventory).unwrap();
    Host::new(settings).serve("127.0.0.1:0".parse().unwrap()).await.unwrap()
}

/// Ends TLS with this certificate, and speaks it anew with the host.
async fn interceptor(host: &Server, identity: Identity) -> SocketAddr {
    let provider = Arc::new(ring::default_provider());
    let ours = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![identity.certificate], identity.key)
        .unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(host.certificate_pem().as_bytes()).unwrap()).unwrap();
    let theirs = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let (acceptor, connector) = (TlsAcceptor::from(Arc::new(ours)), TlsConnector::from(Arc::new(theirs)));
    let host = host.url().socket_addrs(|| None).unwrap()[0];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (acceptor, connector) = (acceptor.clone(), connector.clone());
            tokio::spawn(async move {
                let mut client = acceptor.accept(client).await.ok()?;
                let host = TcpStream::connect(host).await.ok()?;
                let name = ServerName::try_from("127.0.0.1").unwrap();
                let mut host = connector.connect(name, host).await.ok()?;
                tokio::io::copy_bidirectional(&mut client, &mut host).await.ok()
            });
        }
    });
    address
}

/// What comes of a message through a proxy that leads to `leads_to`, with this certificate pinned.
async fn sent(
    host: &Server,
    proxy: Protocol,
    leads_to: SocketAddr,
    pinned: Fingerprint,
) -> Result<Answer, TransportError> {
    let proxy = Proxy::start(Rules { names: Some(leads_to), ..Rules::new(proxy) }).await;
    let mut settings = HttpSettings::new(host.url());
    let password = Secret::new(host.password().to_owned());
    settings.credentials = Some(Credentials::new(host.user(), password).unwrap());
    settings.trust = Trust::pinned(pinned);
    settings.proxy = Some(proxy.url("").parse().unwrap());
    let exchange = Exchange {
        body: IDENTIFY.into(),
        name: "Identify".into(),
        changes_host: false,
        anonymous: false,
        lane: 0,
        deadline: None,
    };
    HttpTransport::new(settings).unwrap().exchange(exchange).await
}

#[tokio::test]
async fn a_login_is_bound_to_the_host_and_not_to_whoever_ends_tls_on_the_way() {
    for (binding, lets_interceptor_in) in [("none", true), ("relaxed", false), ("strict", false)] {
        for proxy in [Protocol::Connect, Protocol::Socks] {
            let what = format!("{binding} through {proxy:?}");
            let host = host(binding).await;
            let own = host.fingerprint().parse().unwrap();
            let address = host.url().socket_addrs(|| None).unwrap()[0];
            let answer = sent(&host, proxy, address, own).await.unwrap();
            assert_eq!(answer.status, 200, "{what}");

            let identity = Identity::usual();
            let shown = Fingerprint::of(&identity.certificate);
            let middle = interceptor(&host, identity).await;
            // Whose certificate is not trusted is found out before anything is sent.
            let error = sent(&host, proxy, middle, own).await.unwrap_err();
            assert_eq!((error.kind, error.phase), (TransportErrorKind::Trust, Phase::NotSent), "{what}");
            // Whose certificate is trusted has the login refused, unless the host does not look.
            match sent(&host, proxy, middle, shown).await {
                Ok(answer) => assert!(lets_interceptor_in && answer.status == 200, "{what}"),
                Err(error) => {
                    assert!(!lets_interceptor_in, "{what}: {error}");
                    assert_eq!(
                        (error.kind, error.phase),
                        (TransportErrorKind::Auth, Phase::NotSent),
                        "{what}"
                    );
                }
            }
        }
    }
}
