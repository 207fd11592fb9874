//! Names that would break a query or a message if they got into one unescaped.

use hyperv_wsman::{
    Client,
    cim::{Text, wql},
    hyperv::{CreateSettings, HyperV},
    sim::{Host, Inventory, Settings},
};
use std::fmt::Write as _;

const NAMESPACE: &str = "root/virtualization/v2";

fn names() -> Vec<String> {
    let odd = [
        "it's",
        r"back\slash",
        r"ends with \",
        r#"say "hi""#,
        r#"mixed ' and " and \'"#,
        "{braces} of {}",
        "100%",
        "%41%00",
        "a_b[c]",
        "<b>&amp;</b> ]]>",
        " spaces  around ",
        "tab\tnew\nline",
        "группа",
        "グループ",
        "🦀",
        "' OR ''='",
        "x'} WHERE ResultClass=Msvm_ComputerSystem",
        "--",
        ";",
        "$(id)",
        "`id`",
        "name=value",
        "a/b:c",
        "\u{200b}",
    ];
    odd.map(str::to_owned).into_iter().chain([r"long'\".repeat(100)]).collect()
}

#[tokio::test(start_paused = true)]
async fn groups_of_any_name_are_found_snapshotted_and_queried() {
    let toml = |name: &str| serde_json::to_string(name).unwrap();
    let mut inventory = "[[vm]]\nname = \"web-01\"\n".to_owned();
    for name in names() {
        writeln!(inventory, "[[group]]\nname = {}\nmembers = [\"web-01\"]", toml(&name)).unwrap();
    }
    let mut settings = Settings::default();
    settings.inventory = Inventory::from_toml(&inventory).unwrap();
    settings.time_scale = Some(0.0);
    let host = Host::new(settings);
    let url = "https://hv01.example.test:5986/wsman".parse().unwrap();
    let hyperv = HyperV::new(Client::with_transport(url, host.transport()));
    for name in names() {
        let group = hyperv.group(&name).await.unwrap();
        assert_eq!(group.name, name);
        let snapshots = hyperv.collection_snapshots();
        let snapshot =
            snapshots.create(&group, &CreateSettings::standard()).await.unwrap().wait().await.unwrap();
        assert_eq!(snapshots.group_of(&snapshot).await.unwrap().unwrap().name, name);

        let literal = wql::quote(&Text::new(name.clone()).unwrap());
        let query = format!("SELECT * FROM Msvm_VirtualSystemCollection WHERE ElementName = {literal}");
        let found = hyperv.client().query(NAMESPACE, Text::new(query).unwrap()).instances().await.unwrap();
        assert_eq!(found.len(), 1, "{name}");
        assert_eq!(found[0].str("ElementName"), Some(name.as_str()));
    }
}
