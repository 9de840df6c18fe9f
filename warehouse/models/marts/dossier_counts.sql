-- Dossiers received, by unit, month of receipt, field and channel; a dossier that comes again counts once. The month
-- is empty where the file does not say it.
-- vi: Số hồ sơ tiếp nhận theo đơn vị, tháng, lĩnh vực và kênh nộp; hồ sơ gửi lại chỉ tính một lần.
-- grain: unit_code, received_month, field_name, channel_code
-- column case_count: Số hồ sơ · dossiers, each counted once
select
  unit_code,
  strftime(received_at, '%Y-%m') as received_month,
  field_name,
  channel_code,
  count(distinct dossier_code) as case_count
from core.dossiers_current
group by all
