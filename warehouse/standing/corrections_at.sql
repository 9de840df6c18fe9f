-- The corrections in force as of a moment of ours: the last thing said of each, unless it was taken out.
-- vi: Các hiệu chỉnh có hiệu lực tại một thời điểm.
create or replace macro ops.corrections_at(known) as table (
select * exclude (said, entry_no)
from (
  select *
  from ops.correction_entries
  where said_at <= cast(known as timestamp)
  qualify row_number() over (partition by correction_id order by entry_no desc) = 1
)
where said = 'entered'
)
