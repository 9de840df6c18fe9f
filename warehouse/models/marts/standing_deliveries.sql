-- The delivery that stands for each feed and period: of those booked, the one that speaks for the latest moment. A delivery
-- whose content had come before brings nothing of its own and is not one of them.
-- vi: Lần gửi đang có giá trị của từng nguồn và kỳ.
-- grain: feed, period
with booked as (
  select
    delivery.delivery_id,
    delivery.dataset,
    delivery.feed,
    unnest(delivery.periods) as period,
    delivery.effective_at,
    delivery.load_no
  from ops.deliveries as delivery
  left join ops.receipts as receipt on receipt.delivery_id = delivery.delivery_id
  where delivery.status in ('loaded', 'unchanged')
    and coalesce(receipt.rows_ignored < receipt.rows_read or receipt.rows_read = 0, true)
)

select dataset, feed, period, delivery_id
from booked
qualify row_number() over (partition by feed, period order by effective_at desc, load_no desc) = 1
