-- Result of the expectation suite of each delivery's present reading, by check.
-- vi: Kết quả bộ kiểm tra của bản đọc hiện hành.
-- grain: delivery_id, check_name
select
  reading.delivery_id,
  checked.rule_id,
  checked.check_name,
  checked.failing_count = 0 as is_success,
  checked.failing_count
from ops.reading_checks as checked
join ops.current_readings as reading using (reading_id)
