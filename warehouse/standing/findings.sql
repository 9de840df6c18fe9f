-- Findings: one failed rule at one place. Those of each delivery's present reading, those that follow from what else was
-- sent (same content, newer version, conflict, held), those of deliveries that are late or never came, and those of the checks
-- across periods and sources (ops.check_findings has both sides of them).
-- vi: Phát hiện về chất lượng: một quy tắc không đạt tại một vị trí.
-- grain: finding_id
with of_readings as (
  select
    found.finding_id,
    reading.delivery_id,
    reading.feed,
    reading.dataset,
    receipt.period,
    found.rule_id,
    found.check_name,
    found.severity,
    found.sheet,
    found."row",
    found.column_name,
    found.message_vi,
    reading.booked_at as found_at
  from ops.reading_findings as found
  join ops.current_readings as reading using (reading_id)
  join ops.receipts as receipt using (reading_id)
),

neighbours as (
  select
    place.delivery_id,
    place.outcome,
    place.before_rows,
    reading.content_hash,
    reading.effective_at,
    reading.rows_accepted,
    reading.rows_quarantined,
    reading.supersedes,
    reading.booked_at,
    landed.file_name,
    landed.sha256,
    before_landed.file_name as before_name,
    before_landed.sha256 as before_sha256,
    before.content_hash as before_hash
  from ops.places as place
  join ops.readings as reading using (reading_id)
  join ops.landed as landed on landed.delivery_id = place.delivery_id
  left join ops.readings as before on before.reading_id = place.before_id
  left join ops.landed as before_landed on before_landed.delivery_id = before.delivery_id
),

rivals as (
  select
    own.delivery_id,
    min(other_landed.file_name) as rival_name
  from ops.places as own
  join ops.readings as own_reading using (reading_id)
  join ops.places as other
    on other.feed = own.feed
    and other.chain = own.chain
    and other.delivery_id <> own.delivery_id
    and other.outcome in ('conflict', 'stands')
  join ops.readings as other_reading
    on other_reading.reading_id = other.reading_id
    and other_reading.effective_at = own_reading.effective_at
    and other_reading.content_hash <> own_reading.content_hash
  join ops.landed as other_landed on other_landed.delivery_id = other.delivery_id
  where own.outcome = 'conflict'
  group by own.delivery_id
),

compared as (
  select
    neighbours.*,
    rivals.rival_name,
    case
      when outcome in ('conflict', 'too_many_quarantined', 'too_few_rows', 'nothing_accepted') then outcome
      when outcome <> 'stands' or sha256 = before_sha256 or before_hash is null then null
      when content_hash = before_hash then 'same_content'
      when supersedes = 'period' then 'new_version'
    end as check_name
  from neighbours
  left join rivals using (delivery_id)
),

of_places as (
  select
    left(sha256(concat_ws(chr(31), delivery_id, words.rule_id, check_name, 'None', 'None', 'None')), 20) as finding_id,
    delivery_id,
    words.rule_id,
    check_name,
    words.severity,
    replace(replace(replace(replace(replace(replace(
      words.message_vi,
      '{file}', compared.file_name),
      '{before}', coalesce(before_name, '')),
      '{rival}', coalesce(rival_name, '?')),
      '{moment}', strftime(effective_at, '%d/%m/%Y %H:%M')),
      '{rows}', cast(rows_accepted as varchar)),
      '{before_rows}', cast(before_rows as varchar))
    as message_vi,
    booked_at as found_at
  from compared
  join ops.standing_words as words using (check_name)
  -- a delivery of many periods is told of once
  qualify row_number() over (partition by delivery_id, check_name order by before_rows desc, before_name) = 1
)

select * from of_readings
union all
select
  of_places.finding_id,
  of_places.delivery_id,
  receipt.feed,
  receipt.dataset,
  receipt.period,
  of_places.rule_id,
  of_places.check_name,
  of_places.severity,
  null,
  null,
  null,
  of_places.message_vi,
  of_places.found_at
from of_places
join ops.receipts as receipt using (delivery_id)
union all
select
  finding_id,
  delivery_id,
  feed,
  dataset,
  period,
  rule_id,
  check_name,
  severity,
  null,
  null,
  null,
  message_vi,
  found_at
from ops.duty_findings
union all
select
  left(sha256(concat_ws(chr(31), 'correction', correction.correction_id, words.rule_id, words.check_name)), 20),
  correction.delivery_id,
  correction.feed,
  correction.dataset,
  correction.period,
  words.rule_id,
  words.check_name,
  words.severity,
  null,
  null,
  null,
  replace(replace(words.message_vi, '{correction}', correction.correction_id), '{period}', correction.period),
  correction.said_at
from ops.corrections as correction
join ops.standing_words as words on words.check_name = 'correction_' || correction.state
union all
select
  finding_id,
  null,
  feed,
  dataset,
  period,
  rule_id,
  check_name,
  severity,
  null,
  null,
  null,
  message_vi,
  found_at
from ops.check_findings
