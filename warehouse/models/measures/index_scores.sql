-- Published scores row by row, in hundredths of a point, as of the last day of the period they speak for; detail holds method and
-- index, so that no figure joins two methods. A score is that of an assessed unit itself. Of several rows for one day the finest
-- period counts, then the latest publication. The counts behind 766-1.2 are the unit's own and add up.
-- vi: Từng điểm công bố (phần trăm điểm), tại ngày cuối kỳ được chấm, theo phương pháp; và số thủ tục công khai đúng hạn.
-- grain: _delivery_id, _sheet, _row, index_code
with scores as (
  select
    said.*,
    place.rollup_code as reporting_code,
    days.last_day,
    said.index_code <> 'INDEX_766_1_2' and said.unit_code = place.rollup_code as is_score
  from core.index_scores_current as said
  join marts.unit_rollup as place
    on place.dataset = 'index_scores'
    and place.period = said.period
    and place.unit_code = said.unit_code
    and place.is_own
  join ref.periods as days
    on days.regime = 'CALENDAR'
    and days.period = said.period
  qualify row_number() over (
    partition by said.unit_code, said.index_code, said.method_code, days.last_day
    order by days.first_day desc, said.published_on desc nulls last, said._delivery_id, said._row
  ) = 1
)

select
  _delivery_id,
  _sheet,
  _row,
  index_code,
  unit_code,
  reporting_code,
  period as part,
  case when is_score then method_code || '.' || index_code end as detail,
  last_day as score_from,
  last_day + 1 as score_until,
  last_day as listed_on,
  date '0001-01-01' as listed_from,
  date '9999-12-31' as listed_until,
  case
    when not is_score then 0
    -- the total is the sum of its six groups, which are printed with more care than the total
    when index_code = 'INDEX_766'
      then cast(round(100 * coalesce(
        part_1_score + part_2_score + part_3_score + part_4_score + part_5_score + part_6_score, score
      )) as bigint)
    else cast(round(100 * score) as bigint)
  end as points,
  case when is_score then 10000 else 0 end as maximum,
  case when is_score then coalesce(rank, 0) else 0 end as place,
  case when index_code = 'INDEX_766_1_2' then coalesce(procedure_count, 0) else 0 end as procedures,
  case when index_code = 'INDEX_766_1_2' then coalesce(published_in_term_count, 0) else 0 end as procedures_in_term
from scores
