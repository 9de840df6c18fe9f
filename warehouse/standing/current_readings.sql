-- The reading of each delivery that people see: by the feed file and contract of today, else the last one made.
-- vi: Bản đọc hiện hành của mỗi lần gửi.
-- grain: delivery_id
select reading.*
from ops.readings as reading
left join ops.feeds as feed
  on feed.feed = reading.feed
  and feed.fingerprint = reading.fingerprint
  and feed.contract_version = reading.contract_version
qualify row_number() over (
  partition by reading.delivery_id order by feed.feed is not null desc, reading.load_no desc
) = 1
