"""The books of the house as tables: what landed, how it was read, what was found, what people decided, who was told.

What people look at (`ops.deliveries`, `ops.standing`, `ops.receipts`, `ops.findings` …) are views over these facts:
`warehouse/standing/`.
"""

from __future__ import annotations

from warehouse.shapes import TableShape

_FEED = ("VARCHAR not null", "Nguồn cấp dữ liệu · feed")
_DATASET = ("VARCHAR", "Tập dữ liệu · dataset")
_DELIVERY = ("VARCHAR not null", "Lần gửi · delivery")
_READING = ("VARCHAR not null", "Bản đọc · reading: delivery, layout and contract version")
_PERIOD = ("VARCHAR", "Kỳ báo cáo · period")
_COUNT = "BIGINT not null"
_DECISION_KIND = (
    "VARCHAR not null check (kind in"
    " ('accept', 'withdraw', 'waive', 'confirm', 'acknowledge', 'waive_alert', 'explain', 'review'))"
)
_OBLIGATION_STATUS = (
    "VARCHAR not null check (status in ('due', 'reported', 'confirmed_zero', 'late', 'missing', 'waived'))"
)


def ops_tables() -> tuple[TableShape, ...]:
    """Every table of schema ops."""
    return (*_house(), *_facts(), *_corrections(), *_signatures(), *_of_readings(), *_duties(), *_runs(), *_returns())


def _house() -> tuple[TableShape, ...]:
    return (
        TableShape(
            "ops.schema_version",
            "Phiên bản cấu trúc kho · version of the warehouse's structure",
            {
                "version": ("INTEGER not null", "SCHEMA_VERSION of the code that made the tables"),
                "fingerprint": ("VARCHAR not null", "SHA-256 over the statements that made them"),
                "migrated_at": ("TIMESTAMP not null", "When, local time"),
            },
        ),
        TableShape(
            "ops.built",
            "Các bảng tổng hợp được dựng từ trạng thái nào · what the marts now here were built from",
            {
                "mark": ("VARCHAR not null", "Hash over facts, decisions, duties, reference data and the models' text"),
                "release_id": ("VARCHAR", "Release that holds these marts; null until they are published"),
                "returned": ("VARCHAR", "Hash over the names of the return files that lie there for this state"),
            },
        ),
        TableShape(
            "ops.release_salt",
            "Khóa bí mật của kho khi công bố · secret behind keys and digests of releases; it never leaves",
            {
                "salt": ("VARCHAR not null", "Random text"),
                "decided_for": ("VARCHAR", "Digest of the figures for which hidden ones were chosen last, and proved"),
            },
        ),
        TableShape(
            "ops.protected_figures",
            "Số liệu được bảo vệ và việc ẩn khi công bố lần trước · protected amounts as last decided; never leave",
            {
                "measure": ("VARCHAR not null", "Số đo · measure"),
                "detail": ("VARCHAR", "Chi tiết · detail"),
                "unit_code": ("VARCHAR not null", "Mã đơn vị · unit"),
                "period": ("VARCHAR not null", "Kỳ báo cáo · period"),
                "span": ("VARCHAR not null", "Khoảng cộng · span"),
                "amount": (_COUNT, "What the rows that never leave add"),
                "is_hidden": ("BOOLEAN not null", "Hidden in the release made last"),
            },
        ),
        TableShape(
            "ops.feeds",
            "Cấu hình nguồn hiện hành · how each feed is read today; decides which reading of a delivery counts",
            {
                "feed": _FEED,
                "dataset": _DATASET,
                "fingerprint": ("VARCHAR not null", "Hash of what the feed file says about reading"),
                "contract_version": ("VARCHAR not null", "Version of the contract"),
                "unit_code": ("VARCHAR", "Mã đơn vị · unit that sends it"),
                "sender_name": ("VARCHAR", "Tên nguồn · name of the source"),
            },
        ),
        TableShape(
            "ops.standing_words",
            "Câu chữ của các phát hiện suy ra từ chuỗi lần gửi · words of findings that follow from the chain",
            {
                "check_name": ("VARCHAR not null", "Tên phép kiểm · check"),
                "rule_id": ("VARCHAR not null", "Mã quy tắc · rule"),
                "severity": ("VARCHAR not null", "Mức độ · severity"),
                "message_vi": ("VARCHAR not null", "Câu mẫu · sentence with places in braces"),
            },
        ),
    )


def _facts() -> tuple[TableShape, ...]:
    return (
        TableShape(
            "ops.landed",
            "Tệp đã nhận · what landed: the facts known before anything was read",
            {
                "delivery_id": ("VARCHAR not null", "Mã lần gửi · id: feed, bytes, what the name claims"),
                "feed": _FEED,
                "source": ("VARCHAR", "Đơn vị gửi · source"),
                "dataset": _DATASET,
                "file_name": ("VARCHAR", "Tên tệp · file name, what looks personal masked"),
                "sha256": ("VARCHAR not null", "SHA-256 of the exact bytes"),
                "size_bytes": ("BIGINT", "Dung lượng · size"),
                "period_claimed": ("VARCHAR", "Kỳ ghi trong tên tệp · period the name claims"),
                "sent_at": ("TIMESTAMP", "Thời điểm gửi theo tên tệp · when it was sent, by its name"),
                "landed_at": ("TIMESTAMP not null", "Thời điểm nhận · when it came here"),
            },
        ),
        TableShape(
            "ops.readings",
            "Bản đọc · every reading ever booked: rows_read = loaded + unchanged + quarantined + ignored",
            {
                "reading_id": _READING,
                "delivery_id": _DELIVERY,
                "feed": _FEED,
                "dataset": _DATASET,
                "fingerprint": ("VARCHAR not null", "Hash of what the feed file said about reading"),
                "contract_version": ("VARCHAR not null", "Version of the contract it was judged by"),
                "supersedes": (
                    "VARCHAR not null check (supersedes in ('period', 'feed'))",
                    "What a later delivery stands in place of: the same period, or all the feed said before",
                ),
                "outcome": (
                    "VARCHAR not null check (outcome in ('booked', 'refused'))",
                    "booked, or refused by a gate",
                ),
                "periods": ("VARCHAR[]", "Các kỳ trong tệp · periods the delivery speaks for"),
                "extracted_at": ("TIMESTAMP", "Thời điểm trích xuất · when it was extracted, by its own content"),
                "effective_at": ("TIMESTAMP not null", "Extracted, else sent, else landed: orders the deliveries"),
                "rows_read": (_COUNT, "Số dòng đọc · rows read"),
                "rows_accepted": (_COUNT, "Số dòng hợp lệ · rows without error"),
                "rows_loaded": (_COUNT, "Số dòng nạp · accepted rows stored for this reading"),
                "rows_unchanged": (_COUNT, "Số dòng đã có · accepted rows the warehouse already held"),
                "rows_quarantined": (_COUNT, "Số dòng cách ly · rows held back"),
                "rows_ignored": (_COUNT, "Số dòng bỏ qua có lý do · rows ignored, with a reason"),
                "content_hash": ("VARCHAR", "Hash over the accepted rows, whatever their order and place"),
                "place_hash": ("VARCHAR", "Hash over the accepted rows with sheet and row"),
                "rows_of": ("VARCHAR not null", "Reading that holds these very rows: itself, or an earlier equal one"),
                "is_nil": (
                    "BOOLEAN not null",
                    "Đơn vị xác nhận không phát sinh · says in so many words that nothing occurred",
                ),
                "quarantine_hold_pct": (
                    "DOUBLE not null",
                    "Above this share of quarantined rows it waits for a person",
                ),
                "quarantine_alert_pct": ("DOUBLE", "Above this share of quarantined rows a person is alerted …"),
                "quarantine_alert_rows": ("BIGINT", "… when they are so many at least"),
                "shrink_hold_pct": ("DOUBLE not null", "Below this share of the rows that stand it waits for a person"),
                "load_no": ("BIGINT not null", "Running number of the reading"),
                "booked_at": ("TIMESTAMP not null", "Thời điểm nạp · when it was booked here"),
            },
            checks=(
                "check (rows_read = rows_loaded + rows_unchanged + rows_quarantined + rows_ignored)",
                "check (rows_accepted = rows_loaded + rows_unchanged)",
                "check (least(rows_loaded, rows_unchanged, rows_quarantined, rows_ignored) >= 0)",
            ),
        ),
        TableShape(
            "ops.reading_periods",
            "Kỳ của bản đọc · periods a booked reading speaks for, with its rows of them",
            {
                "reading_id": _READING,
                "period": ("VARCHAR not null", "Kỳ báo cáo · period"),
                "rows_accepted": (_COUNT, "Số dòng hợp lệ · rows without error"),
                "rows_quarantined": (_COUNT, "Số dòng cách ly · rows held back"),
            },
        ),
        TableShape(
            "ops.failures",
            "Lỗi xử lý phía tỉnh · what failed on our side while a delivery was read, judged or booked",
            {
                "delivery_id": _DELIVERY,
                "kind": ("VARCHAR not null", "read, judge, book · the step"),
                "message": ("VARCHAR not null", "Nội dung · message"),
                "failed_at": ("TIMESTAMP not null", "Thời điểm · when"),
                "run_id": ("VARCHAR", "Lần chạy · run"),
            },
        ),
        TableShape(
            "ops.decisions",
            "Quyết định của con người · what people said; kept in decisions.jsonl of the home as well",
            {
                "decision_id": ("VARCHAR not null", "Mã quyết định · id"),
                "kind": (
                    _DECISION_KIND,
                    (
                        "accept (a delivery counts), withdraw (it does not), waive (a feed owes nothing for a period),"
                        " confirm (nothing occurred in it), acknowledge (a person knows of an alert), waive_alert (it"
                        " needs nobody until a day), explain (a finding is answered), review (what becomes of the"
                        " answer)"
                    ),
                ),
                "delivery_id": ("VARCHAR", "Lần gửi · delivery, for accept and withdraw"),
                "feed": ("VARCHAR", "Nguồn cấp dữ liệu · feed, for waive and confirm"),
                "period": _PERIOD,
                "decided_by": ("VARCHAR not null", "Người quyết định · who"),
                "reason": ("VARCHAR not null", "Lý do, nội dung giải trình · why; for explain the explanation"),
                "decided_at": ("TIMESTAMP not null", "Thời điểm · when"),
                "alert_id": ("VARCHAR", "Mã cảnh báo · alert, for acknowledge and waive_alert"),
                "finding_id": ("VARCHAR", "Mã phát hiện · finding, for explain and review"),
                "until_on": ("DATE", "Có hiệu lực đến hết ngày · last day on which it holds; null: no end"),
                "outcome": (
                    "VARCHAR check (outcome in ('accepted', 'not_accepted', 'ask'))",
                    "Kết quả xem xét giải trình · accepted, not_accepted, ask (more is asked), for review",
                ),
            },
        ),
    )


def _corrections() -> tuple[TableShape, ...]:
    return (
        TableShape(
            "ops.correction_entries",
            "Sổ hiệu chỉnh theo thời gian · the corrections register as it was: what was entered, changed, taken out",
            {
                "entry_id": ("VARCHAR not null", "Mã của nội dung mục · hash over what the entry says"),
                "correction_id": ("VARCHAR not null", "Mã hiệu chỉnh · id in the register"),
                "entry_no": ("BIGINT not null", "Thứ tự trong sổ · place in the journal"),
                "said": (
                    "VARCHAR not null check (said in ('entered', 'ended'))",
                    "entered (or changed), ended (taken out of the register)",
                ),
                "said_at": ("TIMESTAMP not null", "Thời điểm · when it became known here"),
                "action": (
                    "VARCHAR not null check (action in ('exclude', 'replace', 'hold'))",
                    "exclude (rows do not count), replace (values), hold (a figure is not published)",
                ),
                "dataset": _DATASET,
                "feed": ("VARCHAR", "Nguồn cấp dữ liệu · feed whose rows it is about; null for hold"),
                "period": ("VARCHAR not null", "Kỳ báo cáo · period"),
                "sheet": ("VARCHAR", "Trang tính · sheet"),
                "row": ("BIGINT", "Dòng · row as a person sees it"),
                "selector": ("MAP(VARCHAR, VARCHAR)", "Cột và giá trị để tìm dòng · column and value of the rows"),
                "expected": ("MAP(VARCHAR, VARCHAR)", "Giá trị cũ phải thấy · what must stand there, else it lapses"),
                "changes": ("MAP(VARCHAR, VARCHAR)", "Giá trị mới theo cột · new value by column"),
                "indicator_code": ("VARCHAR", "Mã chỉ số · indicator, for hold"),
                "unit_code": ("VARCHAR", "Mã đơn vị · unit, for hold"),
                "definition_id": ("VARCHAR", "Định nghĩa · definition, for hold; null = all"),
                "reason": ("VARCHAR not null", "Lý do · why"),
                "decided_by": ("VARCHAR not null", "Người quyết định · who"),
                "decided_on": ("DATE not null", "Ngày quyết định · when, by the entry"),
            },
        ),
        TableShape(
            "ops.correction_readings",
            "Bản đọc đã được đối chiếu với mục hiệu chỉnh · readings an entry has been looked up in",
            {
                "entry_id": ("VARCHAR not null", "Mã của nội dung mục · entry"),
                "reading_id": _READING,
            },
        ),
        TableShape(
            "ops.corrected_rows",
            "Dòng mà mục hiệu chỉnh nói tới · rows of readings an entry is about: like readings, they never change",
            {
                "entry_id": ("VARCHAR not null", "Mã của nội dung mục · entry"),
                "dataset": _DATASET,
                "reading_id": _READING,
                "unit_code": ("VARCHAR", "Mã đơn vị · unit of the row"),
                "sheet": ("VARCHAR", "Trang tính · sheet"),
                "row": ("BIGINT", "Dòng · row as a person sees it"),
                "is_as_expected": ("BOOLEAN not null", "Còn giá trị cũ · the old value stands there: it applies"),
            },
        ),
    )


def _signatures() -> tuple[TableShape, ...]:
    return (
        TableShape(
            "ops.signatures",
            "Chữ ký và ngoại lệ theo kỳ · who signed which period, and what was allowed after that",
            {
                "signature_id": ("VARCHAR not null", "Mã chữ ký · id"),
                "kind": (
                    "VARCHAR not null check (kind in ('sign', 'except'))",
                    "sign (the figures of a period), except (changes need no new signature until a day)",
                ),
                "period": ("VARCHAR not null", "Kỳ báo cáo · period"),
                "signed_by": ("VARCHAR", "Người ký · who; not published"),
                "role": ("VARCHAR not null", "Chức vụ · office"),
                "signed_at": ("TIMESTAMP not null", "Thời điểm ký · when"),
                "release_id": ("VARCHAR", "Bản phát hành được ký · release whose figures were signed"),
                "content_hash": ("VARCHAR", "Mã băm số liệu được ký · hash over the signed figures and statuses"),
                "unit_code": ("VARCHAR", "Mã đơn vị của ngoại lệ · unit of the exception; null = all"),
                "indicator_code": ("VARCHAR", "Mã chỉ số của ngoại lệ · indicator of the exception; null = all"),
                "until": ("DATE", "Ngoại lệ đến ngày · last day of the exception"),
                "reason": ("VARCHAR", "Lý do của ngoại lệ · why it is allowed"),
            },
        ),
        TableShape(
            "ops.signed_figures",
            "Số liệu và kết luận đã ký · figures and statuses as they were published when they were signed",
            {
                "signature_id": ("VARCHAR not null", "Mã chữ ký · signature"),
                "indicator_code": ("VARCHAR", "Mã chỉ số · indicator; null for a goal's status"),
                "definition_id": ("VARCHAR", "Định nghĩa · definition"),
                "goal_id": ("VARCHAR", "Mã mục tiêu · goal; null for a figure"),
                "unit_code": ("VARCHAR not null", "Mã đơn vị · unit"),
                "value": ("DOUBLE", "Giá trị · value"),
                "numerator": ("BIGINT", "Tử số · numerator"),
                "denominator": ("BIGINT", "Mẫu số · denominator"),
                "availability": ("VARCHAR", "Tình trạng số liệu · why there is no value"),
                "status": ("VARCHAR", "Kết luận về mục tiêu · status of the goal"),
                "deliveries": ("VARCHAR[]", "Các lần gửi được tính · deliveries the figure was made of"),
            },
        ),
        TableShape(
            "ops.outdated_signatures",
            "Chữ ký cần ký lại theo lần chạy gần nhất · signatures of which the last run found material changes",
            {
                "signature_id": ("VARCHAR not null", "Mã chữ ký · signature"),
                "period": ("VARCHAR not null", "Kỳ báo cáo · period"),
            },
        ),
    )


def _of_readings() -> tuple[TableShape, ...]:
    return (
        TableShape(
            "ops.reading_ignored",
            "Dòng bỏ qua theo lý do · ignored rows by reason, of every reading",
            {
                "reading_id": _READING,
                "reason": ("VARCHAR not null", "Lý do · reason"),
                "rows": (_COUNT, "Số dòng · rows"),
            },
        ),
        TableShape(
            "ops.reading_findings",
            "Phát hiện của mọi bản đọc · findings of every reading; ops.findings shows those of the present ones",
            {
                "finding_id": ("VARCHAR not null", "Mã phát hiện · stable id"),
                "reading_id": _READING,
                "rule_id": ("VARCHAR not null", "Mã quy tắc · rule"),
                "check_name": ("VARCHAR", "Tên phép kiểm · check"),
                "severity": (
                    "VARCHAR not null check (severity in ('error', 'warning', 'gate'))",
                    "error cách ly dòng, warning cảnh báo, gate từ chối cả tệp",
                ),
                "sheet": ("VARCHAR", "Trang tính · sheet"),
                "row": ("BIGINT", "Dòng · row as a person sees it"),
                "column_name": ("VARCHAR", "Cột · column"),
                "message_vi": ("VARCHAR not null", "Nội dung · message"),
            },
        ),
        TableShape(
            "ops.reading_quarantine",
            "Dòng bị cách ly của mọi bản đọc · rows held back from every reading, without their content",
            {
                "reading_id": _READING,
                "period": _PERIOD,
                "unit_code": ("VARCHAR", "Mã đơn vị · unit"),
                "sheet": ("VARCHAR", "Trang tính · sheet"),
                "row": ("BIGINT", "Dòng · row as a person sees it"),
                "row_key": ("VARCHAR", "Khóa của dòng · key of the row"),
                "rule_ids": ("VARCHAR[]", "Các quy tắc không đạt · failed rules"),
            },
        ),
        TableShape(
            "ops.reading_checks",
            "Kết quả bộ kiểm tra của mọi bản đọc · result of the suite by check, of every reading",
            {
                "reading_id": _READING,
                "rule_id": ("VARCHAR not null", "Mã quy tắc · rule"),
                "check_name": ("VARCHAR not null", "Tên phép kiểm · check"),
                "failing_count": (_COUNT, "Số dòng không đạt · failing rows"),
            },
        ),
    )


def _duties() -> tuple[TableShape, ...]:
    return (
        TableShape(
            "ops.obligations",
            "Nghĩa vụ gửi số liệu · what must arrive, and whether it did",
            {
                "feed": _FEED,
                "dataset": _DATASET,
                "unit_code": ("VARCHAR", "Mã đơn vị · unit"),
                "period": ("VARCHAR not null", "Kỳ báo cáo · period"),
                "due_on": ("DATE", "Hạn gửi · due day"),
                "grace_days": ("INTEGER", "Số ngày gia hạn · grace"),
                "status": (
                    _OBLIGATION_STATUS,
                    (
                        "due (its day has not come), reported, confirmed_zero (nothing occurred: said by a nil return"
                        " or a person), late, missing, waived"
                    ),
                ),
                "delivery_id": ("VARCHAR", "Lần gửi đầu tiên · first delivery that answers it"),
                "delivered_on": ("DATE", "Ngày gửi · day it was sent"),
                "is_ours": (
                    "BOOLEAN",
                    "Thiếu do lỗi phía tỉnh · missing because the feed or a file of it failed on our side",
                ),
            },
        ),
        TableShape(
            "ops.duty_findings",
            "Phát hiện gửi muộn, thiếu · findings of deliveries that are late or never came",
            {
                "finding_id": ("VARCHAR not null", "Mã phát hiện · stable id"),
                "delivery_id": ("VARCHAR", "Lần gửi; trống khi thiếu tệp · delivery; null when none came"),
                "feed": _FEED,
                "dataset": _DATASET,
                "period": _PERIOD,
                "rule_id": ("VARCHAR not null", "Mã quy tắc · rule"),
                "check_name": ("VARCHAR", "Tên phép kiểm · check"),
                "severity": ("VARCHAR not null", "Mức độ · severity"),
                "message_vi": ("VARCHAR not null", "Nội dung · message"),
                "found_at": ("TIMESTAMP not null", "Thời điểm · when"),
            },
        ),
        TableShape(
            "ops.check_findings",
            "Phát hiện giữa các kỳ, các nguồn · findings of the checks across periods and sources, as of now",
            {
                "finding_id": ("VARCHAR not null", "Mã phát hiện · stable id"),
                "feed": ("VARCHAR", "Nguồn cấp dữ liệu · feed that brought it"),
                "dataset": _DATASET,
                "unit_code": ("VARCHAR", "Mã đơn vị · unit"),
                "period": _PERIOD,
                "rule_id": ("VARCHAR not null", "Mã quy tắc · rule"),
                "check_name": ("VARCHAR", "Tên phép kiểm · check"),
                "severity": ("VARCHAR not null", "Mức độ · severity"),
                "about_code": (
                    "VARCHAR",
                    "Biểu và công thức, chỉ số, tổng được kiểm · form and equation, indicator, or total it speaks of",
                ),
                "other_unit_code": ("VARCHAR", "Đơn vị đối chiếu · unit of the other side, where it is another"),
                "other_period": ("VARCHAR", "Kỳ đối chiếu · period of the other side, where it is another"),
                "left_value": (
                    "DOUBLE",
                    "Vế trái · what the unit said; not published where confidential",
                ),
                "right_value": ("DOUBLE", "Vế phải · what it is held against"),
                "delivery_id": ("VARCHAR", "Lần gửi của vế trái · delivery of the left side, where two files differ"),
                "other_feed": ("VARCHAR", "Nguồn của vế phải · feed of the right side, where it is another"),
                "other_delivery_id": (
                    "VARCHAR",
                    "Lần gửi của vế phải · delivery of the right side, where it is another",
                ),
                "is_confidential": (
                    "BOOLEAN not null",
                    "Số liệu nhạy cảm · lets denunciations or a few answers be counted: a release holds no number",
                ),
                "message_vi": ("VARCHAR not null", "Nội dung · message"),
                "message_en": ("VARCHAR not null", "Nội dung bằng tiếng Anh · message in English"),
                "found_at": ("TIMESTAMP not null", "Thời điểm · when it was found first"),
            },
        ),
    )


def _runs() -> tuple[TableShape, ...]:
    return (
        TableShape(
            "ops.runs",
            "Các lần chạy · runs",
            {
                "run_id": ("VARCHAR not null", "Mã lần chạy · run"),
                "started_at": ("TIMESTAMP not null", "Bắt đầu · start"),
                "finished_at": ("TIMESTAMP", "Kết thúc · end"),
                "outcome": ("VARCHAR", "Kết quả · fine, needs_a_person, failed, interrupted; null while it runs"),
                "kind": ("VARCHAR", "run, backfill, demo, scheduled · kind of run"),
                "feeds": ("VARCHAR[]", "Các nguồn được chạy · feeds asked for; empty = all"),
                "period": ("VARCHAR", "Kỳ được yêu cầu · period asked for"),
                "release_id": ("VARCHAR", "Bản phát hành · release published by the run"),
                "engine": ("VARCHAR", "prefect hoặc direct · how it ran"),
                "message": ("VARCHAR", "Tóm tắt · summary"),
            },
        ),
        TableShape(
            "ops.outcomes",
            "Kết quả theo nguồn · outcome of each feed in each run",
            {
                "run_id": ("VARCHAR not null", "Mã lần chạy · run"),
                "feed": _FEED,
                "outcome": ("VARCHAR not null", "Kết quả · outcome"),
                "message": ("VARCHAR", "Nội dung · message"),
                "started_at": ("TIMESTAMP", "Bắt đầu · start"),
                "seconds": ("DOUBLE", "Thời gian, giây · seconds"),
            },
        ),
        TableShape(
            "ops.alerts",
            "Cảnh báo · alerts: what needs a person, written with the fact it is about",
            {
                "alert_id": ("VARCHAR not null", "Mã cảnh báo · stable id: kind, feed, period, about; no run"),
                "run_id": ("VARCHAR", "Mã lần chạy · run that met it first"),
                "raised_at": ("TIMESTAMP not null", "Thời điểm · when"),
                "kind": ("VARCHAR not null", "Loại cảnh báo · kind"),
                "severity": ("VARCHAR", "Mức độ · severity"),
                "feed": ("VARCHAR", "Nguồn cấp dữ liệu · feed"),
                "period": _PERIOD,
                "about": ("VARCHAR", "Đối tượng · what it is about: delivery, due day, the moment since when"),
                "message_vi": ("VARCHAR not null", "Nội dung · message"),
                "detail_vi": ("VARCHAR", "Chi tiết, việc cần làm · detail: what to do"),
                "is_sent": ("BOOLEAN", "Mọi kênh đã nhận · taken by every channel of the time"),
                "last_seen_at": ("TIMESTAMP", "Lần gần nhất còn thấy · when a run last met its cause alive"),
                "last_run_id": ("VARCHAR", "Lần chạy gần nhất còn thấy · the run that did"),
                "seen_count": ("BIGINT", "Số lần chạy đã thấy · how many runs met it"),
                "resolved_at": ("TIMESTAMP", "Thời điểm hết nguyên nhân · when its cause was first seen to be gone"),
                "reopened_at": ("TIMESTAMP", "Thời điểm tái phát · when the cause was seen to be back; null: never"),
            },
        ),
        TableShape(
            "ops.outbox",
            "Hộp thư đi: kênh nào đã nhận cảnh báo nào · which channel took which alert, attempt by attempt",
            {
                "alert_id": ("VARCHAR not null", "Mã cảnh báo · alert"),
                "channel": ("VARCHAR not null", "Kênh · channel, without its address"),
                "round": ("INTEGER", "Lượt báo: 0 lần đầu, sau đó là các lần nhắc · 0 first, then reminders"),
                "digest_id": ("VARCHAR", "Mã thông báo · the message it travels in; the same in every attempt"),
                "attempts": ("INTEGER not null", "Số lần gửi · attempts begun"),
                "tried_at": ("TIMESTAMP", "Lần gửi gần nhất · last attempt"),
                "error": ("VARCHAR", "Lỗi của lần gửi gần nhất · why the last attempt failed"),
                "told_at": ("TIMESTAMP", "Thời điểm nhận · when the channel took it; null until then"),
            },
        ),
        TableShape(
            "ops.releases",
            "Các bản phát hành · published releases",
            {
                "release_id": ("VARCHAR not null", "Mã bản phát hành · release"),
                "created_at": ("TIMESTAMP not null", "Thời điểm · when"),
                "content_hash": ("VARCHAR not null", "Hash of everything published"),
                "sha256": ("VARCHAR", "SHA-256 of the file"),
                "size_bytes": ("BIGINT", "Dung lượng · size"),
            },
        ),
    )


def _returns() -> tuple[TableShape, ...]:
    return (
        TableShape(
            "ops.returns",
            "Tệp trả lại cho đơn vị · return files written, one for each state of a delivery's findings",
            {
                "return_id": (
                    "VARCHAR not null",
                    "Mã tệp trả lại · id: delivery and findings; letters stand in ops.outbox",
                ),
                "delivery_id": _DELIVERY,
                "findings_mark": ("VARCHAR not null", "Hash over what was found: the same while it is the same"),
                "made": (
                    "VARCHAR not null check (made in ('marked', 'copy', 'list'))",
                    "marked (the own workbook), copy (of a file that is none), list (of findings alone)",
                ),
                "file_name": ("VARCHAR not null", "Tên tệp trong thư mục returns · file in returns/ of the home"),
                "resend_by": ("DATE not null", "Hạn gửi lại · day until which a mended file is expected"),
                "written_at": ("TIMESTAMP not null", "Thời điểm ghi · when it was written"),
            },
        ),
    )
