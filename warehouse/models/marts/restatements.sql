-- What is published otherwise than it was signed: figures and statuses of periods that somebody signed (danvan sign), old and new,
-- against the last signature. came and went: the deliveries that count for the figure now and did not then, and the reverse.
-- is_material: there is a figure where there was none, or the reverse; a share moved by material_points percentage points or more,
-- another figure by material_pct percent; a goal has another status. excepted_until: the last day up to which somebody allowed it to
-- stand without a new signature. What was or is hidden because it is small is not compared.
-- vi: Số liệu và kết luận khác với lần ký gần nhất của kỳ: cũ, mới, lần gửi gây ra, có đáng kể hay không.
-- grain: period, unit_code, goal_id, indicator_code, definition_id
-- column came: Lần gửi mới được tính · deliveries that count now and did not when it was signed
-- column went: Lần gửi không còn được tính · deliveries that counted when it was signed and no longer do
with last_signed as (
  select signature_id, period
  from ops.signatures
  where kind = 'sign'
  qualify row_number() over (partition by period order by signed_at desc, signature_id) = 1
),

made_of as (
  select
    indicator_code,
    definition_id,
    unit_code,
    period,
    list(distinct delivery_id order by delivery_id) filter (where delivery_id is not null) as deliveries
  from marts.explanations
  where period in (select period from last_signed)
  group by all
),

now_published as (
  select
    last_signed.signature_id,
    figure.period,
    figure.indicator_code,
    figure.definition_id,
    figure.unit_code,
    figure.value_unit,
    figure.value,
    figure.numerator,
    figure.denominator,
    figure.availability,
    coalesce(made_of.deliveries, []) as deliveries
  from last_signed
  join marts.indicator_values as figure on figure.period = last_signed.period
  left join made_of
    on made_of.indicator_code = figure.indicator_code
    and made_of.definition_id = figure.definition_id
    and made_of.unit_code = figure.unit_code
    and made_of.period = figure.period
),

were_published as (
  select last_signed.period, signed.*
  from ops.signed_figures as signed
  join last_signed on last_signed.signature_id = signed.signature_id
),

figures as (
  select
    coalesce(new.signature_id, old.signature_id) as signature_id,
    coalesce(new.period, old.period) as period,
    coalesce(new.unit_code, old.unit_code) as unit_code,
    cast(null as varchar) as goal_id,
    coalesce(new.indicator_code, old.indicator_code) as indicator_code,
    coalesce(new.definition_id, old.definition_id) as definition_id,
    old.value as old_value,
    new.value as new_value,
    old.numerator as old_numerator,
    new.numerator as new_numerator,
    old.denominator as old_denominator,
    new.denominator as new_denominator,
    coalesce(old.availability, 'no_data') as old_availability,
    coalesce(new.availability, 'no_data') as new_availability,
    cast(null as varchar) as old_status,
    cast(null as varchar) as new_status,
    list_filter(coalesce(new.deliveries, []), lambda one: not list_contains(coalesce(old.deliveries, []), one)) as came,
    list_filter(coalesce(old.deliveries, []), lambda one: not list_contains(coalesce(new.deliveries, []), one)) as went,
    coalesce(
      case
        when new.value_unit = '%' then abs(new.value - old.value) >= cast(setting('material_points') as double) - 1e-9
        else abs(new.value - old.value) * 100 >= cast(setting('material_pct') as double) * abs(old.value) - 1e-9
          and abs(new.value - old.value) > 1e-9
      end,
      (old.value is null) <> (new.value is null)
    ) as is_material
  from now_published as new
  full join (from were_published where indicator_code is not null) as old
    on old.signature_id = new.signature_id
    and old.indicator_code = new.indicator_code
    and old.definition_id is not distinct from new.definition_id
    and old.unit_code = new.unit_code
  where coalesce(old.availability, '') <> 'suppressed'
    and coalesce(new.availability, '') <> 'suppressed'
    and (
      coalesce(abs(new.value - old.value) > 1e-9, (new.value is null) <> (old.value is null))
      or new.numerator is distinct from old.numerator
      or new.denominator is distinct from old.denominator
      or coalesce(new.availability, 'no_data') <> coalesce(old.availability, 'no_data')
    )
),

goals as (
  select
    coalesce(new.signature_id, old.signature_id) as signature_id,
    coalesce(new.period, old.period) as period,
    coalesce(new.unit_code, old.unit_code) as unit_code,
    coalesce(new.goal_id, old.goal_id) as goal_id,
    old.status as old_status,
    new.status as new_status,
    cast([] as varchar[]) as came,
    cast([] as varchar[]) as went,
    true as is_material
  from (
    select last_signed.signature_id, concluded.period, concluded.unit_code, concluded.goal_id, concluded.status
    from last_signed
    join marts.assessment as concluded on concluded.period = last_signed.period
  ) as new
  full join (from were_published where goal_id is not null) as old
    on old.signature_id = new.signature_id
    and old.goal_id = new.goal_id
    and old.unit_code = new.unit_code
  where old.status is distinct from new.status
),

changed as (
  from figures
  union all by name
  from goals
)

select
  changed.*,
  (
    select max(allowed.until)
    from ops.signatures as allowed
    where allowed.kind = 'except'
      and allowed.period = changed.period
      and (allowed.unit_code is null or allowed.unit_code = changed.unit_code)
      and (allowed.indicator_code is null or allowed.indicator_code = changed.indicator_code)
  ) as excepted_until
from changed
