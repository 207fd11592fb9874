//! Identify, Get, and what the host asks of headers.

use crate::soap::{
    ANONYMOUS, Message, NAMESPACE, between, default_host, element, exchange, fault, host, send,
};

const IDENTIFY: &str = "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Header/><s:Body>\
     <i:Identify xmlns:i=\"http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd\"/></s:Body></s:Envelope>";

fn vm(keys: &[(&str, &str)]) -> Message {
    Message::get("Msvm_ComputerSystem", keys)
}

const WEB_01: [(&str, &str); 2] =
    [("CreationClassName", "Msvm_ComputerSystem"), ("Name", "00000000-0000-4000-8000-000100000001")];

#[tokio::test]
async fn identify_tells_the_version_only_to_who_has_logged_in() {
    let host = default_host();
    for (anonymous, version) in
        [(true, "OS: 0.0.0 SP: 0.0 Stack: 3.0"), (false, "OS: 10.0.20348 SP: 0.0 Stack: 3.0")]
    {
        let answer = exchange(&host, IDENTIFY, anonymous).await.unwrap();
        let xml = String::from_utf8(answer.body.to_vec()).unwrap();
        assert_eq!(answer.status, 200);
        assert_eq!(answer.peer.mechanism, "simulated");
        assert_eq!(element(&xml, "wsmid:ProductVersion"), Some(version));
        assert_eq!(element(&xml, "wsmid:ProductVendor"), Some("hyperv-wsman simulator"));
        assert_eq!(xml.contains("wsmid:SecurityProfiles"), !anonymous);
    }
    let refused = exchange(&host, &vm(&WEB_01).to_xml(), true).await.unwrap();
    assert_eq!(refused.status, 401);
}

#[tokio::test]
async fn get_answers_with_every_property_by_name_and_nil_where_there_is_no_value() {
    let xml = crate::soap::done(&default_host(), &vm(&WEB_01)).await;
    assert!(xml.starts_with("<s:Envelope xml:lang=\"en-US\""), "{xml}");
    assert!(xml.contains("<a:RelatesTo>uuid:11111111-0000-4000-8000-000000000001</a:RelatesTo>"));
    assert!(xml.contains("xsi:type=\"p:Msvm_ComputerSystem_Type\""));
    assert!(xml.contains("<p:ElementName>web-01</p:ElementName>"));
    assert!(xml.contains("<p:ProcessID xsi:nil=\"true\"/>"));
    assert!(xml.contains("<p:InstallDate><cim:Datetime>2026-01-01T00:00:00Z</cim:Datetime></p:InstallDate>"));
    assert!(!xml.contains("mustUnderstand"));
    let instance = between(&xml, "<s:Body>", "</s:Body>").unwrap();
    let mut names: Vec<&str> =
        instance.split("<p:").skip(2).map(|rest| rest.split([' ', '>', '/']).next().unwrap()).collect();
    let as_written = names.clone();
    names.sort_unstable();
    assert_eq!(as_written, names);
}

#[tokio::test]
async fn selectors_must_be_all_keys_and_nothing_else() {
    let host = default_host();
    let not_found = (2_150_858_752, "a:DestinationUnreachable".to_owned());
    let name = ("Name", "00000000-0000-4000-8000-000100000001");
    let class = ("CreationClassName", "Msvm_ComputerSystem");
    assert_eq!(fault(&host, &vm(&[name])).await, not_found);
    assert_eq!(fault(&host, &vm(&[class, ("Name", "nobody")])).await, not_found);
    assert_eq!(fault(&host, &vm(&[])).await.0, 2_150_859_002);
    assert_eq!(fault(&host, &vm(&[class, name, ("ElementName", "web-01")])).await.0, 2_150_858_843);
    assert_eq!(fault(&host, &vm(&[class, name, name])).await.0, 2_150_858_847);
    assert_eq!(fault(&host, &Message::get("Msvm_Nothing", &[name])).await, not_found);
    let xml = send(&host, &vm(&[name])).await.1;
    assert!(xml.contains("<p:Operation>GetObject</p:Operation>"), "{xml}");
    // Names and values of selectors are compared without case.
    let spelled = vm(&[("creationclassname", "MSVM_computersystem"), name]);
    assert_eq!(send(&host, &spelled).await.0, 200);
    let named = vm(&[class, name, ("__cimnamespace", "root/virtualization/v2")]);
    assert_eq!(send(&host, &named).await.0, 200);
    let elsewhere = vm(&[class, name, ("__cimnamespace", "root/cimv2")]);
    assert_eq!(fault(&host, &elsewhere).await.0, 2_150_859_067);
}

#[tokio::test]
async fn an_association_is_got_by_its_nested_references() {
    let group = crate::soap::reference("Msvm_VirtualSystemCollection", "CollectionID", crate::soap::WEB_TIER);
    let member = vm(&WEB_01);
    let member = format!(
        "<a:Address>{ANONYMOUS}</a:Address><a:ReferenceParameters><w:ResourceURI>{}</w:ResourceURI>{}</a:ReferenceParameters>",
        member.uri, member.selectors
    );
    let mut message = Message::get("Msvm_CollectedVirtualSystems", &[]);
    message.selectors = format!(
        "<w:SelectorSet><w:Selector Name=\"Collection\"><a:EndpointReference>{group}</a:EndpointReference></w:Selector>\
         <w:Selector Name=\"Member\"><a:EndpointReference>{member}</a:EndpointReference></w:Selector></w:SelectorSet>"
    );
    let xml = crate::soap::done(&default_host(), &message).await;
    assert!(xml.contains("<p:Collection><a:Address>"), "{xml}");
}

#[tokio::test]
async fn headers_are_checked() {
    let host = default_host();
    let get = || vm(&WEB_01);
    let with = |header: &str| get().header(header);
    for (message, code) in [
        (Message { reply_to: String::new(), ..get() }, 2_150_858_769),
        (
            Message {
                reply_to: "<a:ReplyTo><a:Address>http://x.test</a:Address></a:ReplyTo>".into(),
                ..get()
            },
            2_150_858_767,
        ),
        (Message { uri: String::new(), ..get() }, 2_150_858_769),
        (Message { uri: "http://x.test/Class".into(), ..get() }, 2_150_858_811),
        (Message { action: "http://x.test/Do".into(), ..get() }, 2_150_858_771),
        (with("<w:MaxEnvelopeSize>8191</w:MaxEnvelopeSize>"), 2_150_858_878),
        (with("<w:MaxEnvelopeSize>big</w:MaxEnvelopeSize>"), 2_150_858_767),
        (with("<w:OperationTimeout>PT-1S</w:OperationTimeout>"), 2_150_858_767),
        (with("<w:Locale xml:lang=\"en-US\" s:mustUnderstand=\"true\"/>"), 2_150_858_887),
    ] {
        assert_eq!(fault(&host, &message).await.0, code, "{}", message.to_xml());
    }
    for header in [
        "<w:MaxEnvelopeSize s:mustUnderstand=\"true\">153600</w:MaxEnvelopeSize>",
        "<w:OperationTimeout>PT60.000S</w:OperationTimeout>",
        "<w:Locale xml:lang=\"de-DE\" s:mustUnderstand=\"false\"/>",
        "<x:Other xmlns:x=\"urn:x\">ignored</x:Other>",
    ] {
        assert_eq!(send(&host, &with(header)).await.0, 200, "{header}");
    }
    let (status, xml) = send(&host, &with("<x:Other xmlns:x=\"urn:x\" s:mustUnderstand=\"1\"/>")).await;
    assert_eq!(status, 500);
    assert!(xml.contains("<s:NotUnderstood qname=\"q:Other\" xmlns:q=\"urn:x\"/>"), "{xml}");
    assert!(xml.contains("<s:Value>s:MustUnderstand</s:Value>") && !xml.contains("s:Detail"), "{xml}");
}

#[tokio::test]
async fn what_is_no_soap_message_gets_a_fault() {
    let host = default_host();
    for (xml, code) in [
        ("", "2150858819"),
        ("<s:Envelope", "2150858819"),
        ("<!DOCTYPE x><x/>", "2150858819"),
        ("<x/>", "2150858819"),
        ("<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"/>", "2150858765"),
    ] {
        let answer = exchange(&host, xml, false).await.unwrap();
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        assert_eq!(answer.status, 500, "{xml}");
        assert_eq!(between(&text, " Code=\"", "\""), Some(code), "{xml}");
    }
    assert_eq!(exchange(&host, &"x".repeat(600_000), false).await.unwrap().status, 413);
    assert_eq!(host.requests(), 5, "what is too large never became a request");
}

#[tokio::test]
async fn a_japanese_host_speaks_japanese_whatever_is_asked_for() {
    let host = host("[host]\nname = 'HV02'\nlocale = 'ja-JP'\n[[vm]]\nname = 'web-01'", &[]);
    let english = "<w:Locale xml:lang=\"en-US\" s:mustUnderstand=\"false\"/>";
    let row =
        |name: &str| vm(&[("CreationClassName", "Msvm_ComputerSystem"), ("Name", name)]).header(english);
    let xml = crate::soap::done(&host, &row("HV02")).await;
    assert!(xml.contains("xml:lang=\"ja-JP\""));
    assert_eq!(element(&xml, "p:Description"), Some("Microsoft ホスト コンピューター システム"));
    let machine = crate::soap::done(&host, &row(WEB_01[1].1)).await;
    assert_eq!(element(&machine, "p:Description"), Some("Microsoft Virtual Machine"));
    let (_, refused) = send(&host, &row("nobody")).await;
    assert!(between(&refused, "<s:Text xml:lang=\"ja-JP\">", "</s:Text>").is_some(), "{refused}");
}

#[tokio::test]
async fn class_names_in_uris_are_found_without_case() {
    let mut message = vm(&WEB_01);
    message.uri = format!("{}msvm_computersystem", NAMESPACE.to_lowercase());
    assert_eq!(send(&default_host(), &message).await.0, 200);
}
