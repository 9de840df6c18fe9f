-- What each indicator of the catalogue says of a unit in a period, by its primary definition: no_source, context (never scored),
-- low_coverage (below the gate, whatever the figure), suppressed, no_value (nothing occurred), met, not_met, not_due (a duty of
-- the year that still has time, or whose year is not known), and without a deciding target better, worse, same, kept (best
-- value kept), not_significant (survey shares whose difference has an interval around 0), no_previous, too_good (not rewarded).
-- A recalled target decides nothing until confirmed. Compared: same regime, definition and unit set, or no comparison.
-- vi: Nhận định từng chỉ số theo đơn vị và kỳ: độ bao phủ, mẫu nhỏ, chỉ tiêu có hiệu lực, so với kỳ trước cùng phương pháp.
-- grain: indicator_code, unit_code, period
with values_now as (
  select
    now.*,
    catalogue.position,
    catalogue.name_vi,
    catalogue.name_en,
    catalogue.direction,
    periods.previous_period,
    coalesce(now.coverage_pct, 0) >= cast(setting('coverage_gate_pct') as double) as passes_gate
  from marts.indicator_values as now
  join ref.indicators as catalogue on catalogue.indicator_code = now.indicator_code
  join marts.periods as periods on periods.period = now.period
  where now.is_primary
),

targeted as (
  select
    now.*,
    target.target_op,
    target.target,
    target.legal_basis as target_source,
    target.certainty as target_certainty,
    target.confirmed_on is not null as is_target_confirmed,
    target.target is not null
    and (target.certainty <> 'recalled' or target.confirmed_on is not null) as is_target_deciding
  from values_now as now
  left join ref.targets as target
    on target.indicator_code = now.indicator_code
    and (target.target_from is null or target.target_from <= now.period_to)
    and (target.target_to is null or now.period_to < target.target_to)
  -- of two targets in force the later one stands
  qualify row_number() over (
    partition by now.indicator_code, now.unit_code, now.period
    order by target.target_from desc nulls last
  ) = 1
),

compared as (
  select
    now.*,
    before.value is not null
    and before.availability = 'computed'
    and before.regime = now.regime
    and coalesce(before.coverage_pct, 0) >= cast(setting('coverage_gate_pct') as double)
    and before.units_in_scope = now.units_in_scope
    and before.missing_units = now.missing_units as is_comparable,
    before.period is not null and before.value is not null as has_previous,
    before.value as raw_previous_value,
    before.low as previous_low,
    before.high as previous_high
  from targeted as now
  left join marts.indicator_values as before
    on before.indicator_code = now.indicator_code
    and before.definition_id = now.definition_id
    and before.unit_code = now.unit_code
    and before.period = now.previous_period
),

moved as (
  select
    *,
    case when coalesce(is_comparable, false) then raw_previous_value end as previous_value,
    case when coalesce(is_comparable, false) then value - raw_previous_value end as change,
    -- interval of the difference of two shares from their Wilson intervals: R. G. Newcombe, Stat. Med. 17 (1998), method 10
    value - raw_previous_value - sqrt(power(value - low, 2) + power(previous_high - raw_previous_value, 2)) as change_low,
    value - raw_previous_value + sqrt(power(high - value, 2) + power(raw_previous_value - previous_low, 2)) as change_high
  from compared
),

directed as (
  select
    *,
    case
      -- a figure of the year so far only grows within the year
      when change is null or direction = 'context' or due_on is not null then null
      -- reports show one decimal: what rounds to no change is none
      when abs(change) < case when value_unit = '%' then 0.05 else 1e-9 end then 'same'
      when change_low <= 0 and change_high >= 0 then 'same'
      when (direction = 'down') = (change < 0) then 'better'
      else 'worse'
    end as movement,
    -- where less is better, "at least" means at most
    case
      when target_op = 'eq' then abs(value - target) < 1e-9
      when direction = 'down' and target_op = 'gt' then value < target
      when direction = 'down' then value <= target + 1e-9
      when target_op = 'gt' then value > target
      when target_op = 'ge' then value >= target - 1e-9
    end as reaches_target
  from moved
),

judged as (
  select
    *,
    case
      when availability = 'no_source_yet' then 'no_source'
      when direction = 'context' then 'context'
      when not passes_gate then 'low_coverage'
      when availability = 'suppressed' then 'suppressed'
      when value is null then 'no_value'
      when is_target_deciding and reaches_target and is_too_good then 'too_good'
      when is_target_deciding and reaches_target then 'met'
      when is_target_deciding and (period_to < due_on or not coalesce(is_year_known, true)) then 'not_due'
      when is_target_deciding then 'not_met'
      when movement is null then 'no_previous'
      when movement = 'same' and change_low <= 0 and change_high >= 0 and abs(change) >= 1e-9 then 'not_significant'
      when movement = 'same' and value_unit = '%' and value = case when direction = 'down' then 0 else 100 end then 'kept'
      when movement = 'same' and direction = 'down' and value = 0 then 'kept'
      when movement = 'better' and is_too_good then 'too_good'
      else movement
    end as verdict
  from directed
),

worded as (
  select
    *,
    case
      when value_unit = '%'
        then number_vi(value, decimals_for(value, target)) || ' % ('
          || number_vi(numerator, 0) || '/' || number_vi(denominator, 0) || ')'
      else number_vi(value, 0)
    end
    || case
      when low is not null
        then ', khoảng tin cậy 95 % ' || number_vi(low, 1) || '–' || number_vi(high, 1) || ' %'
      else ''
    end
    || case when note_vi is not null then ', ' || note_vi else '' end as value_vi,
    case
      when value_unit = '%'
        then number_en(value, decimals_for(value, target)) || '% ('
          || number_en(numerator, 0) || '/' || number_en(denominator, 0) || ')'
      else number_en(value, 0)
    end
    || case
      when low is not null then ', 95% interval ' || number_en(low, 1) || '–' || number_en(high, 1) || '%'
      else ''
    end
    || case when note_vi like '%mẫu nhỏ%' then ', small sample' else '' end
    || case when is_too_good then ', flagged “too good”: to be checked, not rewarded' else '' end as value_en,
    case
      when target is null then ''
      when is_target_deciding
        then ', mục tiêu ' || target_words(target_op, target, value_unit, direction)
          || coalesce(', nguồn: ' || source_vi(target_source), '')
      else ', mục tiêu tham khảo ' || target_words(target_op, target, value_unit, direction) || ' chưa được xác nhận nên không dùng để kết luận'
        || coalesce(', nguồn: ' || source_vi(target_source), '')
    end as target_vi,
    case
      when target is null then ''
      when is_target_deciding
        then ', target ' || translate(target_words(target_op, target, value_unit, direction), ',.', '.,')
          || coalesce(', source: ' || source_en(target_source), '')
      else ', unconfirmed target ' || translate(target_words(target_op, target, value_unit, direction), ',.', '.,')
        || ' decides nothing' || coalesce(', source: ' || source_en(target_source), '')
    end as target_en,
    case
      when due_on is not null then ''
      when change is null and has_previous then ', không so sánh được với kỳ trước (khác chế độ hoặc tập đơn vị báo cáo)'
      when change is null then ', chưa có kỳ trước để so sánh'
      when abs(change) < 1e-9 then ', không đổi so với kỳ trước'
      when value_unit = '%'
        then case when change > 0 then ', tăng ' else ', giảm ' end
          || number_vi(abs(change), decimals_for(abs(change), null)) || ' điểm % so với kỳ trước'
      when previous_value = 0 then ', kỳ trước không có'
      else case when change > 0 then ', tăng ' else ', giảm ' end
        || number_vi(100 * abs(change) / previous_value, 1) || ' % so với kỳ trước'
    end as change_vi,
    case
      when due_on is not null then ''
      when change is null and has_previous then ', not comparable with the previous period (other regime or unit set)'
      when change is null then ', no previous period to compare with'
      when abs(change) < 1e-9 then ', unchanged from the previous period'
      when value_unit = '%'
        then case when change > 0 then ', up ' else ', down ' end
          || number_en(abs(change), decimals_for(abs(change), null)) || ' percentage points from the previous period'
      when previous_value = 0 then ', none in the previous period'
      else case when change > 0 then ', up ' else ', down ' end
        || number_en(100 * abs(change) / previous_value, 1) || '% from the previous period'
    end as change_en
  from judged
)

select
  indicator_code,
  unit_code,
  period,
  definition_id,
  position,
  direction,
  availability,
  numerator,
  denominator,
  value,
  value_unit,
  sample_size,
  coverage_pct,
  units_reporting,
  units_in_scope,
  target_op,
  target,
  target_source,
  target_certainty,
  is_target_confirmed,
  is_target_deciding,
  reaches_target,
  previous_period,
  previous_value,
  change,
  movement,
  verdict,
  name_vi || ' (' || indicator_code || ')' || case verdict
    when 'no_source' then ': chưa có nguồn số liệu'
    when 'context' then ': ' || coalesce(value_vi, 'chưa có số liệu') || ' (chỉ số bối cảnh, không chấm)'
    when 'low_coverage'
      then ': chưa đủ dữ liệu (' || coalesce(units_reporting, 0) || '/' || coalesce(units_in_scope, 0) || ' đơn vị báo cáo)'
    when 'suppressed' then ': dưới ngưỡng công bố (' || number_vi(sample_size, 0) || ' phiếu)'
    when 'no_value' then ': không phát sinh trong kỳ'
    when 'met' then ': đạt ' || value_vi || target_vi || change_vi
    when 'not_met' then case when direction = 'down' then ': còn ' else ': mới đạt ' end || value_vi || target_vi || change_vi
    when 'not_due'
      then ': đến cuối kỳ đạt ' || value_vi || target_vi
        || case
          when period_to < due_on then ', nghĩa vụ của cả năm, hạn ' || strftime(due_on, '%d/%m/%Y') || ' chưa đến'
          else ', chưa đủ số liệu cả năm để kết luận'
        end
    when 'not_significant' then ': ' || value_vi || target_vi || change_vi || ' (khác biệt chưa có ý nghĩa thống kê)'
    else ': ' || value_vi || target_vi || change_vi
  end as phrase_vi,
  name_en || ' (' || indicator_code || ')' || case verdict
    when 'no_source' then ': no data source yet'
    when 'context' then ': ' || coalesce(value_en, 'no data') || ' (context, not scored)'
    when 'low_coverage'
      then ': not enough data (' || coalesce(units_reporting, 0) || '/' || coalesce(units_in_scope, 0) || ' units reported)'
    when 'suppressed' then ': below the publication threshold (' || number_en(sample_size, 0) || ' responses)'
    when 'no_value' then ': nothing occurred in the period'
    when 'met' then ': reached, ' || value_en || target_en || change_en
    when 'not_met' then ': not reached, ' || value_en || target_en || change_en
    when 'not_due'
      then ': so far ' || value_en || target_en
        || case
          when period_to < due_on then ', a duty of the whole year, due ' || strftime(due_on, '%Y-%m-%d')
          else ', the year is not fully known'
        end
    when 'not_significant' then ': ' || value_en || target_en || change_en || ' (difference not significant)'
    else ': ' || value_en || target_en || change_en
  end as phrase_en
from worded
