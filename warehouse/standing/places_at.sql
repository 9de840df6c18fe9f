-- What became of every delivery in its chain (the deliveries of one feed and period, or of one feed), as of two moments:
-- only what was said by `said` (the sender's moment) and known by `known` (ours: landing and decisions) is looked at.
-- A chain is walked in the order of the senders' moments, so the order of arrival changes nothing. outcome: stands (it took
-- its place; the last that did is_standing), conflict (two of one moment say different things), too_many_quarantined and
-- too_few_rows (above the contract's bound against what stood: held for a person; at a bound of 100, as of a file whose
-- end is in doubt, a single row is enough), nothing_accepted (every row
-- quarantined: held), empty (no row at all and no person said that nothing occurred: states nothing).
-- A delivery that a person accepted takes its place whatever it says; a withdrawn one has none.
-- vi: Vị trí của các lần gửi trong chuỗi và kết quả, tính tại hai thời điểm (bên gửi nói, bên nhận biết).
create or replace macro ops.places_at(said, known) as table (
with
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

-- Each chain is folded from its first place on, what stands being carried along. A fold and no recursive query: DuckDB 1.5
-- turns for ever when such a one is interrupted (Ctrl-C) and then rolled back.
folded as (
  select
    feed,
    chain,
    list_reduce(
      list(
        {
          'reading_id': reading_id,
          'rows_accepted': rows_accepted,
          'outcome': case
            when is_accepted then 'stands'
            when is_contested then 'conflict'
            when rows_accepted = 0 and rows_quarantined > 0 then 'nothing_accepted'
            when rows_accepted = 0 and not is_nil then 'empty'
          end,
          'is_above_bound': 100.0 * rows_quarantined > quarantine_hold_pct * (rows_accepted + rows_quarantined),
          'shrink_hold_pct': shrink_hold_pct,
          'outcomes': cast([] as varchar[])
        }
        order by place
      ),
      lambda standing, next: list_transform(
        [case
          when next.outcome is not null then next.outcome
          when standing.reading_id is null then 'stands'
          when next.is_above_bound then 'too_many_quarantined'
          when standing.rows_accepted - next.rows_accepted >= case when next.shrink_hold_pct = 100 then 1 else 3 end
            and 100.0 * next.rows_accepted < next.shrink_hold_pct * standing.rows_accepted then 'too_few_rows'
          else 'stands'
        end],
        lambda outcome: {
          'reading_id': case when outcome = 'stands' then next.reading_id else standing.reading_id end,
          'rows_accepted': case when outcome = 'stands' then next.rows_accepted else standing.rows_accepted end,
          'outcome': outcome,
          'is_above_bound': next.is_above_bound,
          'shrink_hold_pct': next.shrink_hold_pct,
          'outcomes': list_append(standing.outcomes, outcome)
        }
      )[1],
      {
        'reading_id': cast(null as varchar),
        'rows_accepted': cast(0 as hugeint),
        'outcome': cast(null as varchar),
        'is_above_bound': false,
        'shrink_hold_pct': cast(0 as bigint),
        'outcomes': cast([] as varchar[])
      }
    ).outcomes as outcomes
  from placed
  group by feed, chain
),

walked as (
  select
    placed.feed,
    placed.chain,
    placed.place,
    placed.reading_id,
    placed.delivery_id,
    placed.rows_accepted,
    folded.outcomes[placed.place] as outcome
  from placed
  join folded using (feed, chain)
)

select
  feed,
  chain,
  place,
  reading_id,
  delivery_id,
  outcome,
  last_value(case when outcome = 'stands' then reading_id end ignore nulls) over earlier as before_id,
  coalesce(
    cast(last_value(case when outcome = 'stands' then rows_accepted end ignore nulls) over earlier as bigint), 0
  ) as before_rows,
  outcome = 'stands'
  and place = max(place) filter (where outcome = 'stands') over (partition by feed, chain) as is_standing
from walked
window earlier as (partition by feed, chain order by place rows between unbounded preceding and 1 preceding)
)
