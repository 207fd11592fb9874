//! The texts of the host, in the two languages whose answers have been published.
//!
//! A host answers in its own language whatever `w:Locale` asks for (captures in ja-JP), so a
//! client that decides by text breaks on the second one.

/// Language of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Locale {
    EnUs,
    JaJp,
}

/// Texts that a client might be tempted to compare.
#[derive(Debug)]
pub(super) struct Texts {
    pub(super) host_caption: &'static str,
    pub(super) host_description: &'static str,
    pub(super) machine_caption: &'static str,
    /// The one description that is not translated (capture).
    pub(super) machine_description: &'static str,
    pub(super) create_snapshot: &'static str,
    pub(super) export_snapshot: &'static str,
    pub(super) apply_snapshot: &'static str,
    pub(super) destroy_snapshot: &'static str,
    pub(super) job_running: &'static str,
    pub(super) job_completed: &'static str,
    pub(super) job_completed_with_warnings: &'static str,
    pub(super) job_failed: &'static str,
    pub(super) job_cancelled: &'static str,
    pub(super) directory_in_use: &'static str,
    /// Begins the reason of every fault.
    pub(super) fault_prefix: &'static str,
}

impl Locale {
    pub(super) const ALL: [Self; 2] = [Self::EnUs, Self::JaJp];

    /// The RFC 5646 tag that `xml:lang` carries.
    pub(super) fn tag(self) -> &'static str {
        match self {
            Self::EnUs => "en-US",
            Self::JaJp => "ja-JP",
        }
    }

    pub(super) fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|locale| locale.tag().eq_ignore_ascii_case(tag))
    }

    pub(super) fn texts(self) -> &'static Texts {
        match self {
            Self::EnUs => &EN_US,
            Self::JaJp => &JA_JP,
        }
    }
}

static EN_US: Texts = Texts {
    host_caption: "Hosting Computer System",
    host_description: "Microsoft Hosting Computer System",
    machine_caption: "Virtual Machine",
    machine_description: "Microsoft Virtual Machine",
    create_snapshot: "Creating Collection Snapshot",
    export_snapshot: "Exporting Collection Snapshot",
    apply_snapshot: "Applying Collection Snapshot",
    destroy_snapshot: "Deleting Collection Snapshot",
    job_running: "Job is running.",
    job_completed: "The job completed successfully.",
    job_completed_with_warnings: "The job completed with warnings.",
    job_failed: "The operation failed.",
    job_cancelled: "The operation was cancelled.",
    directory_in_use: "The export directory already holds an export.",
    fault_prefix: "The WS-Management service cannot process the request. ",
};

static JA_JP: Texts = Texts {
    host_caption: "ホスト コンピューター システム",
    host_description: "Microsoft ホスト コンピューター システム",
    machine_caption: "仮想マシン",
    machine_description: "Microsoft Virtual Machine",
    create_snapshot: "コレクションのスナップショットの作成",
    export_snapshot: "コレクションのスナップショットのエクスポート",
    apply_snapshot: "コレクションのスナップショットの適用",
    destroy_snapshot: "コレクションのスナップショットの削除",
    job_running: "ジョブを実行中です",
    job_completed: "ジョブは正常に完了しました",
    job_completed_with_warnings: "ジョブは警告付きで完了しました",
    job_failed: "操作に失敗しました",
    job_cancelled: "操作は取り消されました",
    directory_in_use: "エクスポート先のフォルダーは既に使用されています",
    fault_prefix: "WS-Management サービスは要求を処理できません。 ",
};
