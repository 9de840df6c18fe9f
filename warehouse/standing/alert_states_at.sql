-- What has become of every alert as of a day, asked of the facts it is about. state: open; reminded (told again, nobody answered);
-- acknowledged (a person knows); waived (needs nobody until waived_until); resolved (its cause is gone). A file that was
-- returned or held, or had too many rows quarantined, is a cause as long as it is the last the feed said of one of its
-- periods: a later file speaks for itself. What a person said of an alert before its cause came back is over.
-- vi: Tình trạng của từng cảnh báo tính đến một ngày, hỏi từ chính các sự kiện gây ra cảnh báo.
create or replace macro ops.alert_states_at(today) as table (
with
-- the deliveries that say something; a file without a row, of which nobody said that nothing occurred, does not
said as materialized (
  select
    delivery.delivery_id,
    delivery.feed,
    delivery.state,
    delivery.effective_at,
    accepted.decided_at as accepted_at,
    -- those that contradict one another are equals until a person chooses
    case when delivery.state_kind = 'conflict' then timestamp 'infinity' else delivery.landed_at end as told_at,
    case when delivery.state_kind = 'conflict' then '' else delivery.delivery_id end as told_as,
    unnest(case
      when reading.supersedes = 'feed' then ['*']
      when len(delivery.periods) > 0 then delivery.periods
      else [delivery.period_claimed]
    end) as chain
  from ops.deliveries as delivery
  join ops.current_readings as reading using (delivery_id)
  left join (
    select delivery_id, max(decided_at) as decided_at
    from ops.decisions
    where kind = 'accept'
    group by delivery_id
  ) as accepted using (delivery_id)
  where delivery.state in ('booked', 'held', 'refused')
    and delivery.delivery_id not in (select delivery_id from ops.places where outcome = 'empty')
),

owing as (
  select feed, bool_or(status = 'missing') as is_owing
  from ops.obligations
  group by feed
),

placed as (
  select
    said.delivery_id,
    case when said.chain is null
      -- whatever period it was of: when the feed owes nothing and has sent better since, nothing is lacking
      then coalesce(owing.is_owing, true)
        or said.effective_at >= coalesce(
          max(said.effective_at) filter (where said.state = 'booked') over (partition by said.feed),
          timestamp '-infinity'
        )
      else rank() over (
        partition by said.feed, said.chain
        order by said.effective_at desc, said.accepted_at desc nulls last, said.told_at desc, said.told_as desc
      ) = 1
    end as is_last
  from said
  left join owing on owing.feed = said.feed
),

last_words as materialized (
  select delivery_id, bool_or(is_last) as is_last_word
  from placed
  group by delivery_id
),

alarming as materialized (
  select
    delivery.delivery_id,
    delivery.state,
    delivery.state_kind,
    coalesce(last_words.is_last_word, false) as is_last_word,
    coalesce(
      delivery.state in ('booked', 'held')
      and reading.rows_quarantined > 0
      and (
        reading.rows_accepted = 0
        or reading.rows_quarantined >= coalesce(reading.quarantine_alert_rows, 1)
        and 100.0 * reading.rows_quarantined
          > coalesce(reading.quarantine_alert_pct, 0) * (reading.rows_accepted + reading.rows_quarantined)
      ),
      false
    ) as is_much_quarantined
  from ops.deliveries as delivery
  left join ops.current_readings as reading using (delivery_id)
  left join last_words using (delivery_id)
),

looked as materialized (
  select
    feed,
    arg_max(outcome, started_at) as outcome,
    arg_max(message, started_at) as message,
    max(started_at) filter (where not starts_with(outcome, 'failed')) as worked_at
  from ops.outcomes
  group by feed
),

good_runs as materialized (
  select run_id, started_at
  from ops.runs
  where outcome in ('fine', 'needs_a_person')
),

-- a mistake in a file of feeds or corrections is told in every run: one that does not tell it any more has not met it
mistaken as materialized (
  select distinct feed
  from ops.outcomes
  where run_id = (select arg_max(run_id, started_at) from ops.outcomes)
),

watched as materialized (
  select feed, cast(min(started_at) as date) as since
  from ops.outcomes
  group by feed
),

owed as materialized (
  select
    duty.feed,
    duty.period,
    duty.due_on,
    duty.status,
    -- due before the feed was first asked
    case
      when watched.since is null then exists (from watched)
      else coalesce(duty.due_on + coalesce(duty.grace_days, 0) < watched.since, false)
    end as is_old
  from ops.obligations as duty
  left join watched on watched.feed = duty.feed
),

-- a total that moved is no cause any more when its explanation was accepted
restated as materialized (
  select
    found.feed,
    found.period,
    left(sha256(string_agg(found.message_vi, ' ' order by found.message_vi)), 12) as about
  from ops.check_findings as found
  left join ops.explanations as said using (finding_id)
  group by found.rule_id, found.feed, found.period
  having not bool_and(coalesce(said.outcome = 'accepted' and coalesce(said.until_on >= today, true), false))
),

acknowledged as (
  select
    alert_id,
    max(decided_at) as acknowledged_at,
    arg_max(decided_by, decided_at) as acknowledged_by
  from ops.decisions
  where kind = 'acknowledge'
  group by alert_id
),

waived as (
  select
    alert_id,
    arg_max(until_on, decided_at) as waived_until,
    arg_max(decided_by, decided_at) as waived_by,
    arg_max(reason, decided_at) as waived_because
  from ops.decisions
  where kind = 'waive_alert'
  group by alert_id
),

told_again as (
  select told.alert_id, max(coalesce(told.round, 0)) as reminder_count
  from ops.outbox as told
  join ops.alerts as alert using (alert_id)
  where told.told_at >= coalesce(alert.reopened_at, alert.raised_at)
  group by told.alert_id
),

looked_into as (
  select
    alert.*,
    coalesce(alert.reopened_at, alert.raised_at) as since,
    case alert.kind
      when 'delivery_missing' then (
        case when alert.period is null then exists (
          from owed
          where owed.feed = alert.feed
            and owed.status = 'missing'
            and owed.is_old
        )
        else coalesce(
          (
            select max(
              owed.status = 'missing'
              and not owed.is_old
              and (alert.about is null or cast(owed.due_on as varchar) = alert.about)
            )
            from owed
            where owed.feed = alert.feed
              and owed.period = alert.period
          ),
          true
        )
        end
      )
      when 'feed_failed' then coalesce(
        starts_with(looked.outcome, 'failed')
        and coalesce(looked.worked_at < alert.raised_at, true)
        and (
          not contains(alert.about, ' ')
          or split_part(alert.about, ' ', 2) = left(sha256(looked.message), 12)
        )
        and (
          alert.feed = 'landing'
          or alert.feed in (select feed from ops.feeds)
          or alert.feed in (select feed from mistaken)
          and not exists (
            from good_runs as run
            where run.started_at > alert.raised_at
              and not exists (from ops.outcomes as met where met.run_id = run.run_id and met.feed = alert.feed)
          )
        ),
        true
      )
      when 'delivery_failed' then coalesce(
        alarming.state = 'failed' and alarming.state_kind = split_part(alert.about, ' ', 2), true
      )
      when 'delivery_refused' then coalesce(
        alarming.is_last_word
        and alarming.state = case when ends_with(alert.about, ' held') then 'held' else 'refused' end,
        true
      )
      when 'quarantine_above_threshold' then coalesce(alarming.is_last_word and alarming.is_much_quarantined, true)
      when 'correction_lapsed' then exists (
        from ops.corrections as entry
        where entry.entry_id = split_part(alert.about, ' ', 1)
          and entry.state in ('figure', split_part(alert.about, ' ', 2))
      )
      when 'period_restated' then exists (
        from restated
        where restated.feed = alert.feed
          and restated.period = alert.period
          and restated.about = alert.about
      )
      when 'signature_outdated' then alert.about in (
        select outdated.signature_id
        from ops.outdated_signatures as outdated
        where outdated.signature_id in (
          select arg_max(signature_id, signed_at) from ops.signatures where kind = 'sign' group by period
        )
      )
      when 'text_covered' then not exists (from ops.releases as later where later.created_at > alert.last_seen_at)
      else not exists (from good_runs as run where run.started_at >= alert.raised_at)
    end as is_live
  from ops.alerts as alert
  left join looked on looked.feed = alert.feed
  left join alarming on alarming.delivery_id = split_part(alert.about, ' ', 1)
)

select
  alert.alert_id,
  alert.kind,
  alert.severity,
  alert.feed,
  alert.period,
  case
    when not alert.is_live then 'resolved'
    when waived.waived_until >= today then 'waived'
    when acknowledged.acknowledged_at >= coalesce(alert.reopened_at, acknowledged.acknowledged_at) then 'acknowledged'
    when told_again.reminder_count > 0 then 'reminded'
    else 'open'
  end as state,
  not alert.is_live as is_over,
  alert.message_vi,
  alert.detail_vi,
  alert.raised_at,
  alert.since,
  alert.last_seen_at,
  coalesce(alert.seen_count, 1) as seen_count,
  alert.resolved_at,
  case when alert.is_live then date_diff('day', cast(alert.since as date), today) end as open_days,
  case when alert.is_live and alert.kind = 'delivery_missing' then (
    select date_diff('day', min(owed.due_on), today)
    from owed
    where owed.feed = alert.feed
      and owed.status = 'missing'
      and (alert.period is null and owed.is_old or owed.period = alert.period)
  ) end as late_days,
  coalesce(told_again.reminder_count, 0) as reminder_count,
  case when acknowledged.acknowledged_at >= coalesce(alert.reopened_at, acknowledged.acknowledged_at)
    then acknowledged.acknowledged_at end as acknowledged_at,
  case when acknowledged.acknowledged_at >= coalesce(alert.reopened_at, acknowledged.acknowledged_at)
    then acknowledged.acknowledged_by end as acknowledged_by,
  waived.waived_until,
  waived.waived_by,
  waived.waived_because
from looked_into as alert
left join acknowledged using (alert_id)
left join waived using (alert_id)
left join told_again using (alert_id)
)
