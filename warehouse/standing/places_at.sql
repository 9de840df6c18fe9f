-- What became of every delivery in its chain (the deliveries of one feed and period, or of one feed), as of two moments:
-- only what was said by `said` (the sender's moment) and known by `known` (ours: landing and decisions) is looked at.
-- A chain is walked in the order of the senders' moments, so the order of arrival changes nothing. outcome: stands (it took
-- its place; the last that did is_standing), conflict (two of one moment say different things), too_many_quarantined and
-- too_few_rows (above the contract's bound against what stood: held for a person; at a bound of 100, as of a file whose
-- end is in doubt, a single row is enough), nothing_accepted (every row
-- quarantined: held), empty (no row at all and no person said that nothing occurred: states nothing).
-- A delivery that a person accepted takes its place whatever it says; a withdrawn one has none.
create or replace macro ops.places_at(said, known) as table (
with recursive
heard as materialized (
  select reading.*, landed.sha256
  from ops.readings as reading
  join ops.landed as landed using (delivery_id)
  left join ops.feeds as feed
    on feed.feed = reading.feed
    and feed.fingerprint = reading.fingerprint
    and feed.contract_version = reading.contract_version
  where landed.landed_at <= cast(known as timestamp)
    and reading.effective_at <= cast(said as timestamp)
  -- the reading by the feed file and contract of today, else the last one made
  qualify row_number() over (
    partition by reading.delivery_id order by feed.feed is not null desc, reading.load_no desc
  ) = 1
),

decided as materialized (
  select delivery_id, arg_max(kind, decided_at) as kind, max(decided_at) as decided_at
  from ops.decisions
  where kind in ('accept', 'withdraw')
    and decided_at <= cast(known as timestamp)
  group by delivery_id
),

candidates as materialized (
  select
    reading.feed,
    case when reading.supersedes = 'feed' then '*' else part.period end as chain,
    reading.reading_id,
    reading.delivery_id,
    reading.effective_at,
    reading.sha256,
    reading.content_hash,
    reading.quarantine_hold_pct,
    reading.shrink_hold_pct,
    reading.is_nil,
    coalesce(decided.kind = 'accept', false) as is_accepted,
    decided.decided_at,
    sum(part.rows_accepted) as rows_accepted,
    sum(part.rows_quarantined) as rows_quarantined
  from heard as reading
  join ops.reading_periods as part using (reading_id)
  left join decided using (delivery_id)
  where reading.outcome = 'booked'
    and decided.kind is distinct from 'withdraw'
  group by all
),

placed as materialized (
  select
    *,
    coalesce(
      min(content_hash) over same_moment <> max(content_hash) over same_moment, false
    ) and rows_accepted + rows_quarantined > 0 as is_contested,
    row_number() over (
      partition by feed, chain order by effective_at, is_accepted, decided_at nulls first, sha256, delivery_id
    ) as place
  from candidates
  -- a file without a row contests nothing
  window same_moment as (partition by feed, chain, effective_at, rows_accepted + rows_quarantined > 0)
),

walked as (
  select
    feed,
    chain,
    cast(0 as bigint) as place,
    cast(null as varchar) as reading_id,
    cast(null as varchar) as delivery_id,
    cast(null as varchar) as outcome,
    cast(null as varchar) as before_id,
    cast(null as varchar) as standing_id,
    cast(0 as hugeint) as before_rows,
    cast(0 as hugeint) as standing_rows
  from (select distinct feed, chain from placed)
  union all
  select
    next.feed,
    next.chain,
    next.place,
    next.reading_id,
    next.delivery_id,
    judged.outcome,
    walked.standing_id,
    case when judged.outcome = 'stands' then next.reading_id else walked.standing_id end,
    walked.standing_rows,
    case when judged.outcome = 'stands' then next.rows_accepted else walked.standing_rows end
  from walked
  join placed as next
    on next.feed = walked.feed
    and next.chain = walked.chain
    and next.place = walked.place + 1
  cross join lateral (
    select case
      when next.is_accepted then 'stands'
      when next.is_contested then 'conflict'
      when next.rows_accepted = 0 and next.rows_quarantined > 0 then 'nothing_accepted'
      when next.rows_accepted = 0 and not next.is_nil then 'empty'
      when walked.standing_id is null then 'stands'
      when 100.0 * next.rows_quarantined
        > next.quarantine_hold_pct * (next.rows_accepted + next.rows_quarantined) then 'too_many_quarantined'
      when walked.standing_rows - next.rows_accepted >= case when next.shrink_hold_pct = 100 then 1 else 3 end
        and 100.0 * next.rows_accepted < next.shrink_hold_pct * walked.standing_rows then 'too_few_rows'
      else 'stands'
    end as outcome
  ) as judged
)

select
  feed,
  chain,
  place,
  reading_id,
  delivery_id,
  outcome,
  before_id,
  cast(before_rows as bigint) as before_rows,
  outcome = 'stands'
  and place = max(place) filter (where outcome = 'stands') over (partition by feed, chain) as is_standing
from walked
where place > 0
)
