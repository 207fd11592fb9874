//! What a replay answers, and what it refuses.

use crate::support::{Script, answer, failure, message_id, raw_answer, record, request, text};
use hyperv_wsman::transport::{Exchange, Phase, Replay, Transport, TransportError, TransportErrorKind};
use std::{fs, path::Path, time::Duration};

/// A cassette of these requests, each answered with its own body.
async fn cassette(directory: &Path, requests: &[Exchange]) {
    let answers = (1..).zip(requests).map(|(n, _)| Ok(answer(n, &format!("<r>{n}</r>"))));
    record(directory, Script::new(answers.collect::<Vec<_>>()), requests).await;
}

fn cassette_error(error: &TransportError) -> &str {
    assert_eq!((error.kind, error.phase), (TransportErrorKind::Cassette, Phase::NotSent));
    assert!(error.hint.is_some(), "{error:?}");
    &error.message
}

#[tokio::test]
async fn answers_relate_to_the_live_request() {
    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path().join("c");
    cassette(&directory, &[request("Get", 1, "")]).await;
    let replay = Replay::open(&directory).unwrap();
    let answer = replay.exchange(request("Get", 77, "")).await.unwrap();
    assert!(text(&answer).contains(&format!("<a:RelatesTo>uuid:{}</a:RelatesTo>", message_id(77))));
    assert_eq!(answer.peer.mechanism, "replay");
    assert!(replay.unused().is_empty());
}

#[tokio::test]
async fn a_recorded_answer_to_another_message_stays_one() {
    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path().join("c");
    record(&directory, Script::new([Ok(answer(2, ""))]), &[request("Get", 1, "")]).await;
    let answer = Replay::open(&directory).unwrap().exchange(request("Get", 77, "")).await.unwrap();
    assert!(text(&answer).contains("<a:RelatesTo>uuid:00000000-0000-4000-8000-90000000000"));
}

#[tokio::test]
async fn failures_of_the_transport_come_back_as_they_were() {
    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path().join("c");
    let host = Script::new([Err(failure(Phase::NotSent)), Err(failure(Phase::MaybeSent))]);
    record(&directory, host, &[request("Get", 1, ""), request("Get", 2, "")]).await;
    let replay = Replay::open(&directory).unwrap();
    for phase in [Phase::NotSent, Phase::MaybeSent] {
        let error = replay.exchange(request("Get", 3, "")).await.unwrap_err();
        assert_eq!((error.kind, error.phase), (TransportErrorKind::Connection, phase));
        assert_eq!(error.message, "failed to read the answer of `hv1.corp.local`: connection reset");
        assert_eq!(error.hint.as_deref(), Some("look at hv1.corp.local"));
        assert_eq!(error.source.unwrap().to_string(), "reset by peer");
    }
}

#[tokio::test]
async fn the_host_that_the_user_names_comes_back_in_errors() {
    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path().join("c");
    record(&directory, Script::new([Err(failure(Phase::MaybeSent))]), &[request("Get", 1, "")]).await;
    let mut live = request("Get", 2, "");
    live.body =
        String::from_utf8(live.body.to_vec()).unwrap().replace("hv1.corp.local:5986", "10.1.2.3").into();
    let error = Replay::open(&directory).unwrap().exchange(live).await.unwrap_err();
    assert_eq!(error.message, "failed to read the answer of `10.1.2.3`: connection reset");
}

#[tokio::test]
async fn a_mismatch_names_the_exchange_and_the_first_difference_and_shows_a_diff() {
    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path().join("c");
    let create = |kind: u8, n| {
        request(
            "CreateSnapshot",
            n,
            &format!(
                "<p:CreateSnapshot_INPUT xmlns:p=\"urn:p\"><p:SnapshotType>{kind}</p:SnapshotType></p:CreateSnapshot_INPUT>"
            ),
        )
    };
    cassette(&directory, &[create(2, 1)]).await;
    let replay = Replay::open(&directory).unwrap();
    let error = replay.exchange(create(1, 5)).await.unwrap_err();
    let message = cassette_error(&error).replace(directory.to_str().unwrap(), "DIR");
    insta::assert_snapshot!(message, @"failed to replay `CreateSnapshot` from cassette `DIR`: next is `01-invoke-CreateSnapshot`, which differs at `Envelope/Body/CreateSnapshot_INPUT/SnapshotType`: expected `2`, got `1`");
    insta::assert_snapshot!(error.source.unwrap().to_string(), @r#"
    the requests differ
    --- recorded
    +++ live
    @@ -5,5 +5,5 @@
       <s:Body>
         <p:CreateSnapshot_INPUT xmlns:p="urn:p">
    -      <p:SnapshotType>2</p:SnapshotType>
    +      <p:SnapshotType>1</p:SnapshotType>
         </p:CreateSnapshot_INPUT>
       </s:Body>
    "#);
    // What did not match is still to come.
    assert_eq!(replay.unused(), ["01-invoke-CreateSnapshot"]);
    replay.exchange(create(2, 6)).await.unwrap();
}

#[tokio::test]
async fn the_nearest_exchange_is_shown_beside_the_next_one() {
    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path().join("c");
    let long = |last: &str| format!("<a>1</a><b>2</b><c>3</c><d>4</d><e>{last}</e>");
    cassette(&directory, &[request("Get", 1, "<x/>"), request("Get", 2, &long("5"))]).await;
    let replay = Replay::open(&directory).unwrap();
    let error = replay.exchange(request("Get", 3, &long("6"))).await.unwrap_err();
    let message = cassette_error(&error);
    assert!(
        message.contains(
            "next is `01-get-Msvm_ConcreteJob`, nearest is `02-get-Msvm_ConcreteJob`, which differs at"
        ),
        "{message}"
    );
}

#[tokio::test]
async fn a_request_too_many_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path().join("c");
    cassette(&directory, &[request("Get", 1, "")]).await;
    let replay = Replay::open(&directory).unwrap();
    replay.exchange(request("Get", 2, "")).await.unwrap();
    let error = replay.exchange(request("Get", 3, "")).await.unwrap_err();
    assert!(cassette_error(&error).contains("expected no further request"), "{error}");
}

#[tokio::test]
async fn an_anonymous_request_does_not_match_an_authenticated_one() {
    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path().join("c");
    cassette(&directory, &[request("Get", 1, "")]).await;
    let mut anonymous = request("Get", 1, "");
    anonymous.anonymous = true;
    let error = Replay::open(&directory).unwrap().exchange(anonymous).await.unwrap_err();
    assert!(
        cassette_error(&error).contains("expected an authenticated request, got an anonymous one"),
        "{error}"
    );
}

#[tokio::test]
async fn lanes_may_interleave_in_another_way() {
    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path().join("c");
    let in_lane = |lane, n, body: &str| Exchange { lane, ..request("Get", n, body) };
    cassette(
        &directory,
        &[in_lane(1, 1, "<a/>"), in_lane(7, 2, "<b/>"), in_lane(1, 3, "<c/>"), in_lane(7, 4, "<d/>")],
    )
    .await;
    let replay = Replay::open(&directory).unwrap();
    // The second lane begins first, and under another number.
    for (lane, body, expected) in [(3, "<b/>", "2"), (3, "<d/>", "4"), (4, "<a/>", "1"), (4, "<c/>", "3")] {
        let answer = replay.exchange(in_lane(lane, 9, body)).await.unwrap();
        assert!(text(&answer).contains(&format!("<r>{expected}</r>")), "{body}");
    }
    assert!(replay.unused().is_empty());
}

#[tokio::test]
async fn order_counts_within_a_lane() {
    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path().join("c");
    cassette(&directory, &[request("Get", 1, "<a/>"), request("Get", 2, "<b/>")]).await;
    let error = Replay::open(&directory).unwrap().exchange(request("Get", 3, "<b/>")).await.unwrap_err();
    assert!(
        cassette_error(&error).contains("expected `01-get-Msvm_ConcreteJob`, got the request of `02-"),
        "{error}"
    );
}

#[tokio::test]
async fn what_the_user_types_may_stand_for_a_pseudonym_and_comes_back_in_answers() {
    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path().join("c");
    let id = "DEADBEEF-1111-2222-3333-444444444444";
    let query = |name: &str, n| {
        request(
            "Enumerate",
            n,
            &format!("<f>SELECT * FROM Msvm_VirtualSystemCollection WHERE ElementName = \"{name}\"</f>"),
        )
    };
    let group = |name: &str| {
        format!(
            "<Msvm_VirtualSystemCollection><CollectionID>{id}</CollectionID><ElementName>{name}</ElementName></Msvm_VirtualSystemCollection>"
        )
    };
    let by_id = |id: &str, n| request("Get", n, &format!("<k>{id}</k>"));
    let host = || Script::new([Ok(answer(1, &group("Web &amp; Tier"))), Ok(answer(2, "<r/>"))]);
    record(&directory, host(), &[query("Web &amp; Tier", 1), by_id(id, 2)]).await;

    let replay = Replay::open(&directory).unwrap();
    let first = text(&replay.exchange(query("Web &amp; Tier", 5)).await.unwrap());
    assert!(first.contains("<ElementName>Web &amp; Tier</ElementName>"), "{first}");
    // The id was never typed: the answer shows a counted one, and only that may be asked for.
    assert!(first.contains("00000000-0000-4000-8000-000000000001"), "{first}");
    let error = replay.exchange(by_id("DEADBEEF-9999-2222-3333-444444444444", 6)).await.unwrap_err();
    cassette_error(&error);
    replay.exchange(by_id("00000000-0000-4000-8000-000000000001", 7)).await.unwrap();
}

#[tokio::test]
async fn one_text_stands_for_one_pseudonym_throughout() {
    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path().join("c");
    let pair = |a: &str, b: &str, n| request("Get", n, &format!("<i>{a}</i><i>{b}</i>"));
    let (a, b) = ("DEADBEEF-1111-2222-3333-444444444444", "DEADBEEF-5555-2222-3333-444444444444");
    cassette(&directory, &[pair(a, b, 1)]).await;
    let replay = || Replay::open(&directory).unwrap();
    cassette_error(&replay().exchange(pair(a, a, 2)).await.unwrap_err());
    cassette_error(&replay().exchange(pair(a, "no-guid", 2)).await.unwrap_err());
    replay().exchange(pair(b, a, 2)).await.unwrap();
}

#[tokio::test]
async fn the_clock_follows_the_recording_without_waiting() {
    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path().join("c");
    cassette(&directory, &[request("Get", 1, "")]).await;
    let index = directory.join("cassette.json");
    let json = fs::read_to_string(&index).unwrap().replace("\"at_ms\": 0", "\"at_ms\": 3600000");
    fs::write(&index, json).unwrap();
    let replay = Replay::open(&directory).unwrap();
    let clock = replay.clock();
    clock.sleep(Duration::from_secs(60)).await;
    assert_eq!(clock.elapsed(), Duration::from_secs(60));
    replay.exchange(request("Get", 2, "")).await.unwrap();
    assert!(clock.elapsed() >= Duration::from_secs(3600));
}

#[tokio::test]
async fn cassettes_that_cannot_be_played_say_why() {
    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path().join("c");
    cassette(&directory, &[request("Get", 1, "")]).await;
    let index = fs::read_to_string(directory.join("cassette.json")).unwrap();
    let opened_with = |json: &str| {
        fs::write(directory.join("cassette.json"), json).unwrap();
        Replay::open(&directory).unwrap_err()
    };
    let message = |error: TransportError| {
        assert_eq!((error.kind, error.phase), (TransportErrorKind::Cassette, Phase::NotSent));
        error.message.replace(directory.to_str().unwrap(), "DIR")
    };
    insta::assert_snapshot!(message(Replay::open(&temp.path().join("none")).unwrap_err()).replace(temp.path().to_str().unwrap(), ""), @"failed to open cassette `/none`: there is none (`cassette.json`)");
    insta::assert_snapshot!(message(opened_with("{")), @"failed to open cassette `DIR`: its `cassette.json` is not that of a cassette");
    insta::assert_snapshot!(message(opened_with("{\"version\": 1}")), @"failed to open cassette `DIR`: its `cassette.json` is not that of a cassette");
    insta::assert_snapshot!(message(opened_with("{\"version\": 2}")), @"failed to open cassette `DIR`: expected version 1 or older, got version 2");
    insta::assert_snapshot!(message(opened_with(&index.replace("01-get", "../01-get"))), @"failed to open cassette `DIR`: expected the name of a file in its folder, got `../01-get-Msvm_ConcreteJob.request.xml`");
    insta::assert_snapshot!(message(opened_with(&index.replace("https://", "//"))), @"failed to open cassette `DIR`: its endpoint `//hv01.example.test:5986/wsman` is not a URL");
    fs::write(directory.join("01-get-Msvm_ConcreteJob.request.xml"), "<a>").unwrap();
    insta::assert_snapshot!(message(opened_with(&index)), @"failed to open cassette `DIR`: its request `01-get-Msvm_ConcreteJob.request.xml` is not XML");
    fs::remove_file(directory.join("01-get-Msvm_ConcreteJob.request.xml")).unwrap();
    insta::assert_snapshot!(message(opened_with(&index)), @"failed to open cassette `DIR`: its file `01-get-Msvm_ConcreteJob.request.xml` cannot be read");
}

#[tokio::test]
async fn a_cassette_that_claims_billions_of_lanes_is_played_all_the_same() {
    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path().join("c");
    cassette(&directory, &[request("Get", 1, "")]).await;
    let index = fs::read_to_string(directory.join("cassette.json")).unwrap();
    let lanes = index.replace("\"lanes\": 1", "\"lanes\": 4294967295");
    assert_ne!(lanes, index);
    fs::write(directory.join("cassette.json"), lanes).unwrap();
    Replay::open(&directory).unwrap().exchange(request("Get", 2, "")).await.unwrap();
}

#[tokio::test]
async fn a_damaged_answer_is_replayed_damaged() {
    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path().join("c");
    let cut = format!("<s:Envelope><a:RelatesTo>uuid:{}</a:Rela", message_id(1));
    record(&directory, Script::new([Ok(raw_answer(200, cut))]), &[request("Get", 1, "")]).await;
    let answer = Replay::open(&directory).unwrap().exchange(request("Get", 2, "")).await.unwrap();
    assert_eq!(text(&answer), format!("<s:Envelope><a:RelatesTo>uuid:{}</a:Rela", message_id(2)));
}
