//! winrm-rs at the work of `compare.py`: `winrmrs query` enumerates by WQL into the one string that it gives. It knows
//! shells and queries alone, no Get. Ports as the responder prints them; any certificate is taken.

use std::time::Instant;
use winrm_rs::{AuthMethod, WinrmClient, WinrmConfig, WinrmCredentials};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    if std::env::args().nth(1).as_deref() != Some("query") {
        return Err("usage: winrmrs query".into());
    }
    let ports = std::env::var("PORTS")?;
    let mut config = WinrmConfig::default();
    config.port = ports.split(',').next().unwrap_or_default().parse()?;
    config.use_tls = true;
    config.accept_invalid_certs = true;
    config.auth_method = AuthMethod::Basic;
    config.max_output_bytes = None;
    config.max_envelope_size = 2_000_000;
    let client = WinrmClient::new(config, WinrmCredentials::new("admin", "secret", ""))?;
    let start = Instant::now();
    let query = "SELECT * FROM Msvm_ComputerSystem";
    let text = client.run_wql("127.0.0.1", query, Some("root/virtualization/v2")).await?;
    let rows = text.matches("</p:Msvm_ComputerSystem>").count();
    println!(r#"{{"us":{},"rows":{rows}}}"#, start.elapsed().as_micros());
    Ok(())
}
