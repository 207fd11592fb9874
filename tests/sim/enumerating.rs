//! Enumerate, Pull, Release; modes, pages, filters, quotas.

use crate::soap::{
    EMPTY_GROUP, Message, SERVICE, WEB_TIER, context, default_host, done, element, elements, fault, host,
};
use std::{fmt::Write as _, time::Duration};

const OPTIMIZED: &str = "<w:OptimizeEnumeration/><w:MaxElements>2</w:MaxElements>";

#[tokio::test]
async fn without_max_elements_each_pull_brings_one_item() {
    let host = default_host();
    let first = done(&host, &Message::enumerate("Msvm_VirtualSystemCollection", "")).await;
    assert!(!first.contains("Items"), "{first}");
    let mut id = context(&first).unwrap().to_owned();
    let mut names = Vec::new();
    loop {
        assert_eq!(host.open_contexts(), 1);
        let page = done(&host, &Message::pull(&id, "")).await;
        assert_eq!(elements(&page, "p:CollectionID").len(), 1);
        names.push(element(&page, "p:ElementName").unwrap().to_owned());
        let Some(next) = context(&page) else {
            assert!(page.contains("</n:Items><n:EndOfSequence/>"));
            break;
        };
        assert_ne!(next, id, "the context changes with each Pull");
        assert!(!page.contains("EndOfSequence"));
        next.clone_into(&mut id);
    }
    assert_eq!(names, ["web-tier", "R&amp;D &quot;blue&quot; &lt;team&gt;'s", "empty"]);
    assert_eq!(host.open_contexts(), 0);
}

#[tokio::test]
async fn an_optimized_enumeration_brings_items_at_once() {
    let host = default_host();
    let first = done(&host, &Message::enumerate("Msvm_VirtualSystemCollection", OPTIMIZED)).await;
    assert_eq!(elements(&first, "p:CollectionID").len(), 2);
    assert!(first.contains("<w:Items>") && !first.contains("EndOfSequence"), "{first}");
    let pull = Message::pull(context(&first).unwrap(), "<n:MaxElements>2</n:MaxElements>");
    let last = done(&host, &pull).await;
    assert_eq!(elements(&last, "p:CollectionID").len(), 1);
    assert!(last.contains("<n:EndOfSequence/>") && context(&last).is_none());
    let all = OPTIMIZED.replace('2', "3");
    let whole = done(&host, &Message::enumerate("Msvm_VirtualSystemCollection", &all)).await;
    assert!(whole.contains("<n:EnumerationContext/>") && whole.contains("<w:EndOfSequence/>"), "{whole}");
    let none = done(&host, &Message::enumerate("Msvm_SnapshotCollection", OPTIMIZED)).await;
    assert!(none.contains("<w:Items></w:Items><w:EndOfSequence/>"), "{none}");
    assert_eq!(host.open_contexts(), 0);
}

#[tokio::test]
async fn pulls_must_repeat_what_the_enumerate_said() {
    let host = default_host();
    let first = done(&host, &Message::enumerate("Msvm_VirtualSystemCollection", OPTIMIZED)).await;
    let id = context(&first).unwrap();
    let differs = (2_150_859_181, "w:InvalidParameter".to_owned());
    assert_eq!(fault(&host, &Message::pull(id, "<n:MaxElements>3</n:MaxElements>")).await, differs);
    let same = "<n:MaxElements>2</n:MaxElements>";
    let sized = Message::pull(id, same).header("<w:MaxEnvelopeSize>9000</w:MaxEnvelopeSize>");
    assert_eq!(fault(&host, &sized).await, differs);
    done(&host, &Message::pull(id, same)).await;
    let gone = (2_150_858_779, "n:InvalidEnumerationContext".to_owned());
    assert_eq!(fault(&host, &Message::pull(id, same)).await, gone);
    assert_eq!(fault(&host, &Message::pull("uuid:nothing", same)).await, gone);
}

#[tokio::test]
async fn released_enumerations_are_gone() {
    let host = default_host();
    let first = done(&host, &Message::enumerate("Msvm_ComputerSystem", "")).await;
    let id = context(&first).unwrap();
    done(&host, &Message::release(id)).await;
    assert_eq!(host.open_contexts(), 0);
    assert_eq!(fault(&host, &Message::release(id)).await.0, 2_150_858_779);
}

#[tokio::test(start_paused = true)]
async fn enumerations_that_nobody_pulls_expire() {
    let host = host("[[group]]\nname='a'\n[[group]]\nname='b'\n[limits]\ncontext_timeout='60s'", &[]);
    let first = done(&host, &Message::enumerate("Msvm_VirtualSystemCollection", "")).await;
    tokio::time::advance(Duration::from_secs(59)).await;
    let page = done(&host, &Message::pull(context(&first).unwrap(), "")).await;
    tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(host.open_contexts(), 0);
    assert_eq!(fault(&host, &Message::pull(context(&page).unwrap(), "")).await.0, 2_150_858_779);
}

#[tokio::test]
async fn references_come_alone_or_beside_the_instance() {
    let host = default_host();
    let mode = |mode: &str| {
        let content = format!(
            "<w:OptimizeEnumeration/><w:MaxElements>9</w:MaxElements><w:EnumerationMode>{mode}</w:EnumerationMode>"
        );
        Message::enumerate(SERVICE, &content)
    };
    let epr = done(&host, &mode("EnumerateEPR")).await;
    assert!(epr.contains("<w:Items><a:EndpointReference><a:Address>"), "{epr}");
    for key in ["SystemCreationClassName", "SystemName", "CreationClassName", "Name"] {
        assert!(epr.contains(&format!("<w:Selector Name=\"{key}\">")), "{epr}");
    }
    assert!(!epr.contains("<p:Name>"));
    let both = done(&host, &mode("EnumerateObjectAndEPR")).await;
    assert!(both.contains("<w:Items><w:Item><p:Msvm_CollectionSnapshotService "), "{both}");
    assert!(both.contains("</p:Msvm_CollectionSnapshotService><a:EndpointReference>"), "{both}");
    assert_eq!(fault(&host, &mode("EnumerateAll")).await.0, 2_150_858_886);
}

#[tokio::test]
async fn a_base_class_brings_the_instances_of_derived_ones() {
    let host = default_host();
    let xml = done(&host, &Message::wql("SELECT * FROM CIM_Service")).await;
    assert!(xml.contains("<p:Msvm_CollectionSnapshotService ") && xml.contains("vmms"), "{xml}");
    let all = done(&host, &Message::wql("SELECT * FROM CIM_Collection")).await;
    assert_eq!(elements(&all, "p:CollectionID").len(), 3);
}

#[tokio::test]
async fn a_page_ends_where_the_envelope_is_full() {
    let mut groups = String::new();
    for n in 0..40 {
        writeln!(groups, "[[group]]\nname='group {n} {}'", "x".repeat(300)).unwrap();
    }
    let host = host(&groups, &[]);
    let size = "<w:MaxEnvelopeSize>9000</w:MaxEnvelopeSize>";
    let content = "<w:OptimizeEnumeration/><w:MaxElements>32000</w:MaxElements>";
    let mut page =
        done(&host, &Message::enumerate("Msvm_VirtualSystemCollection", content).header(size)).await;
    let mut found = 0;
    loop {
        assert!(page.len() <= 9000, "{}", page.len());
        found += elements(&page, "p:CollectionID").len();
        let Some(next) = context(&page) else { break };
        let pull = Message::pull(next, "<n:MaxElements>32000</n:MaxElements>").header(size);
        page = done(&host, &pull).await;
    }
    assert_eq!(found, 40);
}

#[tokio::test]
async fn an_answer_that_cannot_fit_is_an_encoding_limit() {
    let host = host(&format!("[[group]]\nname='{}'", "x".repeat(9000)), &[]);
    let size = "<w:MaxEnvelopeSize>8192</w:MaxEnvelopeSize>";
    let too_large = (2_150_858_824, "w:EncodingLimit".to_owned());
    let enumerate = Message::enumerate("Msvm_VirtualSystemCollection", OPTIMIZED).header(size);
    assert_eq!(fault(&host, &enumerate).await, too_large);
    let get = Message::get("Msvm_VirtualSystemCollection", &[("CollectionID", WEB_TIER)]).header(size);
    assert_eq!(fault(&host, &get).await, too_large);
}

#[tokio::test]
async fn queries_go_to_all_classes_and_only_queries_do() {
    let host = default_host();
    let cannot = (2_150_858_778, "n:CannotProcessFilter".to_owned());
    let query = Message::wql("SELECT * FROM Msvm_ComputerSystem");
    let of_class = Message { uri: format!("{}Msvm_ComputerSystem", crate::soap::NAMESPACE), ..query };
    assert_eq!(fault(&host, &of_class).await, cannot);
    for wrong in [
        "SELECT * FROM Msvm_Nothing",
        "SELECT Colour FROM Msvm_ComputerSystem",
        "SELECT * FROM Msvm_ComputerSystem WHERE Colour = 'red'",
        "nonsense",
    ] {
        assert_eq!(fault(&host, &Message::wql(wrong)).await, cannot, "{wrong}");
    }
    assert_eq!(fault(&host, &Message::enumerate("*", "")).await.0, 2_150_859_003);
    let with_keys = Message::enumerate("Msvm_ComputerSystem", "").keys(&[("Name", "x")]);
    assert_eq!(fault(&host, &with_keys).await.0, 2_150_859_016);
    let without_body = Message::enumerate("Msvm_ComputerSystem", "").body("");
    assert_eq!(fault(&host, &without_body).await.0, 2_150_858_817);
    let dialect = Message::enumerate("Msvm_ComputerSystem", "<w:Filter Dialect=\"urn:x\">y</w:Filter>");
    assert_eq!(fault(&host, &dialect).await.0, 2_150_858_777);
}

#[tokio::test]
async fn a_group_is_found_by_an_awkward_name() {
    let host = default_host();
    let by_query = Message::wql(
        r#"SELECT * FROM Msvm_VirtualSystemCollection WHERE ElementName = 'R&D "blue" <team>\'s'"#,
    );
    let xml = done(&host, &by_query).await;
    assert_eq!(elements(&xml, "p:CollectionID"), ["00000000-0000-4000-8000-000200000002"]);
    let filter = |name: &str| {
        let content = format!(
            "{OPTIMIZED}<w:Filter Dialect=\"http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter\">\
             <w:SelectorSet><w:Selector Name=\"ElementName\">{name}</w:Selector></w:SelectorSet></w:Filter>"
        );
        Message::enumerate("Msvm_VirtualSystemCollection", &content)
    };
    let xml = done(&host, &filter("EMPTY")).await;
    assert_eq!(elements(&xml, "p:CollectionID"), [EMPTY_GROUP]);
    assert_eq!(fault(&host, &filter("a's")).await.0, 2_150_858_778);
}

#[tokio::test]
async fn associators_and_references_follow_the_associations() {
    let host = default_host();
    let of_group = format!("OF {{Msvm_VirtualSystemCollection.CollectionID=\"{WEB_TIER}\"}}");
    let members = done(
        &host,
        &Message::wql(&format!(
            "ASSOCIATORS {of_group} WHERE AssocClass = Msvm_CollectedVirtualSystems ResultClass = Msvm_ComputerSystem"
        )),
    )
    .await;
    assert_eq!(elements(&members, "p:ElementName"), ["web-01", "web-02", "web-03"]);
    let rows = done(
        &host,
        &Message::wql(&format!("REFERENCES {of_group} WHERE ResultClass = Msvm_CollectedVirtualSystems")),
    )
    .await;
    assert_eq!(rows.matches("<p:Msvm_CollectedVirtualSystems ").count(), 3);
    assert_eq!(elements(&rows, "p:Member").len(), 3);
    let other_role = done(&host, &Message::wql(&format!("REFERENCES {of_group} WHERE Role = Member"))).await;
    assert!(other_role.contains("<w:Items></w:Items>"));
    let missing =
        Message::wql("ASSOCIATORS OF {Msvm_ConcreteJob.InstanceID='gone'} WHERE ResultClass=Msvm_Error");
    assert_eq!(fault(&host, &missing).await.0, 2_150_858_752);
}

#[tokio::test]
async fn open_enumerations_count_against_the_quota_of_the_user() {
    let host = host("[limits]\noperations_per_user = 3\n[[group]]\nname='a'\n[[group]]\nname='b'", &[]);
    let enumerate = Message::enumerate("Msvm_VirtualSystemCollection", "");
    let mut contexts = Vec::new();
    for _ in 0..3 {
        contexts.push(context(&done(&host, &enumerate).await).unwrap().to_owned());
    }
    let quota = (2_150_859_240, "w:QuotaLimit".to_owned());
    assert_eq!(fault(&host, &enumerate).await, quota);
    assert_eq!(fault(&host, &Message::create_snapshot(WEB_TIER)).await, quota);
    done(&host, &Message::pull(&contexts[0], "")).await;
    done(&host, &Message::release(&contexts[1])).await;
    done(&host, &enumerate).await;
}
