-- What has become of every alert, today: see ops.alert_states_at(today). state: open, reminded, acknowledged, waived, resolved.
-- vi: Trạng thái của từng cảnh báo hôm nay: mới, đã nhắc, đã có người nhận, tạm bỏ qua, đã hết.
-- grain: alert_id
select * from ops.alert_states_at(ops.today())
