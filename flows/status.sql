-- What arrived and what did not. Grain: one row a feed and period (a delivery over many periods: first..last).
-- A person is needed where a delivery is missing or held, or the last one was refused.
with delivery_facts as materialized (
    select delivery_id, feed, file_name, state, load_no, sent_at, landed_at
    from ops.deliveries
),

receipt_facts as materialized (
    select delivery_id, feed, dataset, period, rows_loaded, rows_unchanged, rows_quarantined
    from ops.receipts
),

received as (
    select
        receipt.feed,
        receipt.dataset,
        receipt.period,
        count(*) as deliveries,
        cast(sum(receipt.rows_loaded + receipt.rows_unchanged) as bigint) as rows_loaded,
        cast(sum(receipt.rows_quarantined) as bigint) as rows_quarantined,
        count(*) filter (where delivery.state = 'refused') as refused,
        count(*) filter (where delivery.state = 'held') as held,
        arg_max(delivery.state = 'refused', delivery.load_no) as is_last_refused,
        arg_max(delivery.file_name, delivery.load_no) as last_file,
        max(coalesce(delivery.sent_at, delivery.landed_at)) as last_sent_at
    from receipt_facts as receipt
    inner join delivery_facts as delivery using (delivery_id)
    group by all
),

told as (
    select
        delivery.feed,
        receipt.period,
        finding.severity
    from ops.findings as finding
    inner join delivery_facts as delivery using (delivery_id)
    inner join receipt_facts as receipt using (delivery_id)
    union all
    select feed, period, severity
    from ops.check_findings
),

named as materialized (
    select
        feed.feed,
        feed.dataset,
        feed.unit_code,
        coalesce(unit.name_vi, feed.sender_name, feed.feed) as unit_name
    from ops.feeds as feed
    left join (
        select unit_code, arg_max(name_vi, valid_from) as name_vi
        from ref.units
        group by unit_code
    ) as unit on unit.unit_code = feed.unit_code
),

found as (
    select
        feed,
        period,
        count(*) filter (where severity = 'error') as errors,
        count(*) filter (where severity = 'warning') as warnings,
        count(*) filter (where severity = 'gate') as gates
    from told
    group by all
),

-- a file that names no period is no matter any more when its feed owes nothing and has sent better since
feeds as (
    select
        delivery.feed,
        max(coalesce(delivery.sent_at, delivery.landed_at)) filter (where delivery.state = 'booked') as booked_at,
        coalesce(any_value(owing.is_owing), true) as is_owing
    from delivery_facts as delivery
    left join (
        select feed, bool_or(status = 'missing') as is_owing
        from ops.obligations
        group by feed
    ) as owing on owing.feed = delivery.feed
    group by delivery.feed
)

select
    coalesce(obligation.feed, received.feed) as feed,
    coalesce(obligation.period, received.period) as period,
    coalesce(obligation.status, case when received.refused + received.held = received.deliveries then 'refused' else 'reported' end) as status,
    coalesce(obligation.unit_code, named.unit_code) as unit_code,
    coalesce(named.unit_name, obligation.feed, received.feed) as unit_name,
    coalesce(obligation.dataset, received.dataset) as dataset,
    obligation.due_on,
    case
        when obligation.status in ('missing', 'late') then date_diff('day', obligation.due_on, coalesce(obligation.delivered_on, ops.today()))
    end as days_late,
    coalesce(obligation.is_ours, false) as is_ours,
    received.last_sent_at as sent_at,
    coalesce(received.deliveries, 0) as deliveries,
    coalesce(received.refused, 0) as refused,
    coalesce(received.held, 0) as held,
    coalesce(received.rows_loaded, 0) as rows_loaded,
    coalesce(received.rows_quarantined, 0) as rows_quarantined,
    coalesce(found.gates, 0) as gates,
    coalesce(found.errors, 0) as errors,
    coalesce(found.warnings, 0) as warnings,
    received.last_file,
    obligation.status is not distinct from 'missing'
    or coalesce(received.held > 0 or received.is_last_refused, false)
    and (received.period is not null or feeds.is_owing or coalesce(received.last_sent_at >= feeds.booked_at, true)) as needs_a_person
from (
    select distinct feed, period, status, due_on, unit_code, dataset, delivered_on, is_ours
    from ops.obligations
) as obligation
full join received on received.feed = obligation.feed and received.period = obligation.period
left join feeds on feeds.feed = received.feed
left join named on named.feed = coalesce(obligation.feed, received.feed)
left join found
    on found.feed = coalesce(obligation.feed, received.feed) and found.period is not distinct from coalesce(obligation.period, received.period)
order by feed, period
