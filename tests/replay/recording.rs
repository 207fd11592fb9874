//! What a recorder writes, and what it never does.

use crate::support::{Script, answer, failure, identity, raw_answer, record, request, settings, text};
use hyperv_wsman::transport::{
    Answer, BoxFuture, Exchange, Origin, Phase, Record, Replay, Transport, TransportError, TransportErrorKind,
};
use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

fn files(directory: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned())
        })
        .collect()
}

#[tokio::test]
async fn a_cassette_is_a_readable_folder() {
    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path().join("cassette");
    let host =
        Script::new([Ok(answer(1, "<p:Job xmlns:p=\"urn:p\"><p:ElementName>Web</p:ElementName></p:Job>"))]);
    record(&directory, host, &[request("Get", 1, "")]).await;
    let files = files(&directory);
    assert_eq!(
        files.keys().collect::<Vec<_>>(),
        ["01-get-Msvm_ConcreteJob.request.xml", "01-get-Msvm_ConcreteJob.response.xml", "cassette.json"]
    );
    insta::assert_snapshot!(files["01-get-Msvm_ConcreteJob.response.xml"], @r#"
    <s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing">
      <s:Header>
        <a:RelatesTo>uuid:00000000-0000-4000-8000-900000000001</a:RelatesTo>
      </s:Header>
      <s:Body>
        <p:Job xmlns:p="urn:p">
          <p:ElementName>name-1</p:ElementName>
        </p:Job>
      </s:Body>
    </s:Envelope>
    "#);
    insta::assert_snapshot!(files["cassette.json"], @r#"
    {
      "version": 1,
      "about": "a test",
      "origin": {
        "kind": "host",
        "product": "Microsoft Corporation OS: 10.0.20348 SP: 0.0 Stack: 3.0"
      },
      "url": "https://hv01.example.test:5986/wsman",
      "names_kept": false,
      "lanes": 1,
      "pseudonyms": [
        "EXAMPLE",
        "hv01.example.test",
        "name-1"
      ],
      "exchanges": [
        {
          "n": 1,
          "lane": 1,
          "name": "Get",
          "request": "01-get-Msvm_ConcreteJob.request.xml",
          "response": {
            "file": "01-get-Msvm_ConcreteJob.response.xml",
            "status": 200,
            "content_type": "application/soap+xml;charset=UTF-8"
          },
          "at_ms": 0,
          "took_ms": 0
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn the_caller_sees_answers_and_failures_as_they_were() {
    let temp = tempfile::tempdir().unwrap();
    let host = Script::new([Ok(answer(1, "<a>hv1.corp.local</a>")), Err(failure(Phase::MaybeSent))]);
    let outcomes =
        record(&temp.path().join("c"), host, &[request("Get", 1, ""), request("CreateSnapshot", 2, "")])
            .await;
    assert!(text(outcomes[0].as_ref().unwrap()).contains("hv1.corp.local"));
    let error = outcomes[1].as_ref().unwrap_err();
    assert_eq!((error.kind, error.phase), (TransportErrorKind::Connection, Phase::MaybeSent));
}

#[tokio::test]
async fn the_origin_is_what_identify_answered_and_is_asked_for_once() {
    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path().join("cassette");
    let host = Script::by(
        identity("hyperv-wsman simulator", "0.1.0"),
        [Ok(answer(1, "")), Ok(answer(2, "")), Ok(answer(3, "<ElementName>web-tier</ElementName>"))],
    );
    let requests = [request("CreateSnapshot", 1, ""), request("Get", 2, ""), request("Get", 3, "")];
    record(&directory, host.clone(), &requests).await;
    // A changing request is not held up: the recorder asks after the first that only reads.
    assert_eq!(*host.asked.lock().unwrap(), ["CreateSnapshot", "Get", "Identify", "Get"]);
    let replay = Replay::open(&directory).unwrap();
    assert_eq!(*replay.origin(), Origin::Simulated { product: "hyperv-wsman simulator 0.1.0".to_owned() });
    assert_eq!(replay.unused().len(), 3, "the recorder's own request is no exchange");
    assert!(
        files(&directory)["03-get-Msvm_ConcreteJob.response.xml"].contains("web-tier"),
        "a simulator has no secrets"
    );
}

#[tokio::test]
async fn without_identify_the_origin_is_unknown() {
    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path().join("cassette");
    let host = Script::by(raw_answer(401, ""), [Ok(answer(1, ""))]);
    record(&directory, host, &[request("Get", 1, "")]).await;
    assert_eq!(*Replay::open(&directory).unwrap().origin(), Origin::Unknown);
}

#[tokio::test]
async fn bodies_that_are_no_xml_or_no_text_survive() {
    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path().join("cassette");
    let bodies: [&[u8]; 5] = [
        b"<html><p>not found",
        b"",
        b"\xff\xfe\x00\x01",
        b"<a> <b/>\r\n</a>",
        b"<a><PoolID>  </PoolID><b/></a>",
    ];
    let host = Script::new(bodies.map(|body| Ok(raw_answer(404, body))));
    let requests: Vec<_> = (1..=5).map(|n| request("Get", n, "")).collect();
    record(&directory, host, &requests).await;
    let names: Vec<_> = files(&directory).into_keys().filter(|name| name.contains("response")).collect();
    let extensions: Vec<_> = names.iter().map(|name| name.rsplit('.').next().unwrap()).collect();
    assert_eq!(extensions, ["txt", "txt", "bin", "xml", "xml"]);
    let replay = Replay::open(&directory).unwrap();
    for (request, body) in requests.into_iter().zip(bodies) {
        let answer = replay.exchange(request).await.unwrap();
        assert_eq!((answer.status, &*answer.body), (404, body));
    }
}

#[tokio::test]
async fn a_folder_with_files_is_not_recorded_into() {
    let temp = tempfile::tempdir().unwrap();
    fs::write(temp.path().join("mine"), "").unwrap();
    let error = Record::start(Script::new([]), temp.path(), settings()).unwrap_err();
    assert_eq!(error.kind, TransportErrorKind::Io);
    assert!(error.hint.unwrap().contains("empty"));
}

#[tokio::test]
async fn a_recording_that_fails_fails_no_exchange_and_is_told_at_the_end() {
    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path().join("cassette");
    let host = Script::new([Ok(answer(1, "")), Ok(answer(2, "")), Ok(answer(3, ""))]);
    let record = Record::start(host, &directory, settings()).unwrap();
    record.exchange(request("Get", 1, "")).await.unwrap();
    assert!(record.deferred_error().is_none());
    fs::remove_dir_all(&directory).unwrap();
    record.exchange(request("CreateSnapshot", 2, "")).await.unwrap();
    // Nothing is written any more, not even when there is room again.
    fs::create_dir(&directory).unwrap();
    record.exchange(request("Get", 3, "")).await.unwrap();
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);
    let deferred = record.deferred_error().unwrap();
    let finished = record.finish().unwrap_err();
    for error in [deferred, finished] {
        assert_eq!(error.kind, TransportErrorKind::Io);
        assert!(error.message.starts_with("failed to write recording `"), "{}", error.message);
        assert_eq!(
            error.hint.as_deref(),
            Some("1 of 3 exchanges were recorded; what was asked of the host was done all the same")
        );
        assert!(error.source.is_some());
    }
}

#[tokio::test]
async fn the_cassette_is_readable_after_each_exchange() {
    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path().join("cassette");
    let record =
        Record::start(Script::new([Ok(answer(1, "")), Ok(answer(2, ""))]), &directory, settings()).unwrap();
    for n in 1..=2 {
        record.exchange(request("Get", n, "")).await.unwrap();
        assert_eq!(Replay::open(&directory).unwrap().unused().len(), usize::try_from(n).unwrap());
    }
}

/// A host that never answers.
#[derive(Debug)]
struct Silent;

impl Transport for Silent {
    fn exchange(&self, _: Exchange) -> BoxFuture<'_, Result<Answer, TransportError>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn an_abandoned_exchange_is_recorded_as_maybe_sent() {
    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path().join("cassette");
    let record = Record::start(Arc::new(Silent), &directory, settings()).unwrap();
    let patience = std::time::Duration::from_secs(5);
    tokio::time::timeout(patience, record.exchange(request("CreateSnapshot", 1, ""))).await.unwrap_err();
    let replay = Replay::open(&directory).unwrap();
    let error = replay.exchange(request("CreateSnapshot", 9, "")).await.unwrap_err();
    assert_eq!((error.kind, error.phase), (TransportErrorKind::Timeout, Phase::MaybeSent));
    assert_eq!(replay.clock().elapsed(), patience);
}

#[tokio::test]
async fn failures_and_content_types_are_cleaned_too_even_of_what_is_learned_later() {
    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path().join("cassette");
    let mut failed = failure(Phase::NotSent);
    failed.message = "failed to reach BACKUPBOX".to_owned();
    let mut odd = answer(2, "<t><SystemName>backupbox</SystemName></t>");
    odd.content_type = Some("multipart/mixed; boundary=\"hv1.corp.local\"".to_owned());
    let host = Script::new([Err(failed), Ok(odd)]);
    record(&directory, host, &[request("Get", 1, ""), request("Get", 2, "")]).await;
    for (name, content) in files(&directory) {
        let content = content.to_lowercase();
        assert!(!content.contains("backupbox") && !content.contains("corp.local"), "{name}: {content}");
    }
}

#[tokio::test]
async fn a_value_learned_late_is_removed_from_earlier_files() {
    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path().join("cassette");
    let host = Script::new([
        Ok(answer(1, "<t>BACKUPBOX is busy</t>")),
        Ok(answer(2, "<t><SystemName>backupbox</SystemName></t>")),
    ]);
    record(&directory, host, &[request("Get", 1, ""), request("Get", 2, "")]).await;
    for (name, content) in files(&directory) {
        assert!(!content.to_lowercase().contains("backupbox"), "{name}: {content}");
    }
    let replay = Replay::open(&directory).unwrap();
    replay.exchange(request("Get", 1, "")).await.unwrap();
    replay.exchange(request("Get", 2, "")).await.unwrap();
}
