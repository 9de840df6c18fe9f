-- The equations of official forms that need more than one row: what was carried in against what was left of the period
-- before, classes of 01/XLD against the totals of 02, 03 and 04/XLD. Judged where every form they ask for stands, in the same
-- circular (its columns mean something else in another); a blank cell counts as 0. A difference is told by the checks that read this
-- table, never corrected.
-- vi: Phép kiểm giữa các kỳ và giữa các biểu của cùng đơn vị: hai vế và kết quả; chỉ xét khi đủ các biểu cần thiết.
-- grain: unit_code, period, circular, form_code, equation_no
with sent as (
  select distinct period, unit_code, circular, form_code
  from core.form_values
),

wider as (
  select circular, form_code, equation_no
  from ref.form_terms
  group by circular, form_code, equation_no
  having bool_or(is_before or other_form_code is not null)
),

wanted as (
  select
    sent.period,
    sent.unit_code,
    sent.circular,
    sent.form_code,
    term.equation_no,
    term.is_left,
    term.factor,
    term.column_no,
    case when term.is_before then days.previous_period else sent.period end as source_period,
    coalesce(term.other_form_code, sent.form_code) as source_form_code
  from sent
  join wider
    on wider.circular = sent.circular
    and wider.form_code = sent.form_code
  join ref.form_terms as term
    on term.circular = wider.circular
    and term.form_code = wider.form_code
    and term.equation_no = wider.equation_no
  join ref.forms as form
    on form.circular = sent.circular
    and form.form_code = sent.form_code
  join ref.periods as days
    on days.period = sent.period
    and days.regime = form.regime
),

sides as (
  select
    wanted.unit_code,
    wanted.period,
    wanted.circular,
    wanted.form_code,
    wanted.equation_no,
    coalesce(sum(wanted.factor * coalesce(cell.value, 0)) filter (where wanted.is_left), 0) as left_sum,
    coalesce(sum(wanted.factor * coalesce(cell.value, 0)) filter (where not wanted.is_left), 0) as right_sum,
    max(wanted.source_period) filter (where wanted.source_period <> wanted.period) as other_period,
    max(wanted.source_form_code) filter (where wanted.source_form_code <> wanted.form_code) as other_form_code
  from wanted
  left join sent as source
    on source.unit_code = wanted.unit_code
    and source.period = wanted.source_period
    and source.circular = wanted.circular
    and source.form_code = wanted.source_form_code
  left join core.form_values as cell
    on cell.unit_code = wanted.unit_code
    and cell.period = wanted.source_period
    and cell.circular = wanted.circular
    and cell.form_code = wanted.source_form_code
    and cell.column_no = wanted.column_no
  group by wanted.unit_code, wanted.period, wanted.circular, wanted.form_code, wanted.equation_no
  having bool_and(source.form_code is not null)
)

select
  sides.unit_code,
  sides.period,
  sides.circular,
  sides.form_code,
  sides.equation_no,
  equation.expression,
  sides.left_sum,
  sides.right_sum,
  case
    when contains(equation.expression, '<=') then sides.left_sum <= sides.right_sum
    when contains(equation.expression, '>=') then sides.left_sum >= sides.right_sum
    else abs(sides.left_sum - sides.right_sum) < 0.005
  end as is_held,
  sides.other_period,
  sides.other_form_code
from sides
join ref.form_equations as equation
  on equation.circular = sides.circular
  and equation.form_code = sides.form_code
  and equation.equation_no = sides.equation_no
