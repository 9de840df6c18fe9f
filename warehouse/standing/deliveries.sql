-- Every delivery ever received, from its landing on, with what became of it. state: landed (not read yet), booked (read,
-- judged and in the books), refused (by a gate), held (waits for a person), failed (on our side; tried again), withdrawn.
-- vi: Sổ các lần gửi dữ liệu, từ lúc nhận; trạng thái: đã nhận, đã nạp, bị trả lại, tạm giữ, lỗi xử lý, đã rút.
-- grain: delivery_id
with failed as (
  select
    delivery_id,
    max(failed_at) as failed_at,
    arg_max(kind, failed_at) as kind,
    arg_max(message, failed_at) as message
  from ops.failures
  group by delivery_id
),

withdrawn as (
  select delivery_id
  from ops.decisions
  where kind in ('accept', 'withdraw')
  group by delivery_id
  having arg_max(kind, decided_at) = 'withdraw'
),

held as (
  select delivery_id, min(outcome) as outcome
  from ops.places
  where outcome in ('conflict', 'too_many_quarantined', 'too_few_rows', 'nothing_accepted')
  group by delivery_id
)

select
  landed.delivery_id,
  landed.feed,
  landed.source,
  landed.dataset,
  landed.file_name,
  landed.sha256,
  landed.size_bytes,
  landed.period_claimed,
  coalesce(reading.periods, []) as periods,
  landed.sent_at,
  reading.extracted_at,
  coalesce(reading.effective_at, landed.sent_at, landed.landed_at) as effective_at,
  landed.landed_at,
  case
    when withdrawn.delivery_id is not null then 'withdrawn'
    when failed.failed_at > coalesce(reading.booked_at, timestamp '-infinity') then 'failed'
    when reading.reading_id is null then 'landed'
    when reading.outcome = 'refused' then 'refused'
    when held.delivery_id is not null then 'held'
    else 'booked'
  end as state,
  case
    when withdrawn.delivery_id is not null then null
    when failed.failed_at > coalesce(reading.booked_at, timestamp '-infinity') then failed.kind
    else held.outcome
  end as state_kind,
  case when failed.failed_at > coalesce(reading.booked_at, timestamp '-infinity') then failed.message end as message,
  reading.reading_id,
  reading.fingerprint,
  reading.contract_version,
  reading.load_no,
  reading.booked_at
from ops.landed as landed
left join ops.current_readings as reading using (delivery_id)
left join failed using (delivery_id)
left join withdrawn using (delivery_id)
left join held using (delivery_id)
