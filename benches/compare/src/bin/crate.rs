//! The crate at the same work as the floors, by its public interface alone.
//!
//!     crate get N | stream | instances | typed | fan N | pages FILE [stream | instances | typed]
//!
//! `stream` reads an enumeration item by item into a type, `instances` keeps all instances, `typed` keeps them as a type.
//! `fan N` sends N Gets to each port side by side. `pages FILE` reads the pages that the responder has dumped, without a
//! network; as a stream unless told otherwise. Ports and fingerprint as `compare::Responder` has them; each prints one line
//! of JSON.

use compare::{Machine, PAGE, Responder, Result, dump::Dump, machine, machines, next, peak_memory};
use hyperv_wsman::Client;
use std::{sync::Arc, time::Instant};

async fn get(responder: &Responder, times: u32) -> Result<()> {
    let (client, machine) = (responder.client(responder.port()?)?, machine()?);
    client.get(&machine).typed::<Machine>().await?;
    let start = Instant::now();
    for _ in 0..times {
        client.get(&machine).typed::<Machine>().await?;
    }
    println!(r#"{{"us":{}}}"#, start.elapsed().as_micros());
    Ok(())
}

async fn fan(responder: Responder, times: u32) -> Result<()> {
    let start = Instant::now();
    let responder = Arc::new(responder);
    let hosts = responder.ports.iter().map(|port| {
        let (responder, port) = (Arc::clone(&responder), *port);
        tokio::spawn(async move {
            let (client, machine) = (responder.client(port)?, machine()?);
            for _ in 0..times {
                client.get(&machine).typed::<Machine>().await?;
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        })
    });
    for host in hosts.collect::<Vec<_>>() {
        host.await??;
    }
    println!(r#"{{"us":{}}}"#, start.elapsed().as_micros());
    Ok(())
}

async fn enumerate(client: Client, mode: &str) -> Result<()> {
    let start = Instant::now();
    let call = client.enumerate(&machines()).max_elements(PAGE);
    let mut rows = 0;
    match mode {
        "instances" => rows += report(call.instances().await?.len(), start),
        "typed" => rows += report(call.typed::<Machine>().await?.len(), start),
        _ => {
            let mut stream = call.stream();
            while let Some(item) = next(&mut stream).await {
                let machine: Machine = item?.into_typed()?;
                rows += usize::from(machine.enabled_state == 2);
            }
            report(rows, start);
        }
    }
    if rows == 0 {
        return Err("no machine came".into());
    }
    Ok(())
}

fn report(rows: usize, start: Instant) -> usize {
    println!(r#"{{"us":{},"rows":{rows},"peak_kib":{}}}"#, start.elapsed().as_micros(), peak_memory());
    rows
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut runtime = match *arguments {
        ["fan", ..] => tokio::runtime::Builder::new_multi_thread(),
        _ => tokio::runtime::Builder::new_current_thread(),
    };
    runtime.worker_threads(2).enable_all().build()?.block_on(async {
        if let ["pages", file, ref mode @ ..] = *arguments {
            let mode = mode.first().copied().unwrap_or("stream");
            return enumerate(Dump::read(file)?.client()?, mode).await;
        }
        let responder = Responder::from_environment()?;
        match *arguments {
            ["get", times] => get(&responder, times.parse()?).await,
            ["fan", times] => fan(responder, times.parse()?).await,
            [mode @ ("stream" | "instances" | "typed")] => {
                enumerate(responder.client(responder.port()?)?, mode).await
            }
            _ => Err("usage: crate get N | stream | instances | typed | fan N | pages FILE [MODE]".into()),
        }
    })
}
