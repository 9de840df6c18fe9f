-- Where to begin: what is asked most, the view that answers it, and a query to start from, of a quarter that is well reported. The
-- one entry of `show tables`; `show all tables`, or `danvan tables`, lists the others.
-- vi: Bắt đầu từ đây: câu hỏi thường gặp, bảng trả lời và câu lệnh mẫu.
-- grain: step
-- kind: view
with place as (
  select
    (select value from marts.settings where name = 'province_code') as unit_code,
    -- the second of the briefing's figures: one that every unit reports
    (select string_split(value, ' ')[2] from marts.settings where name = 'key_figures') as indicator_code,
    (
      select figure.period
      from marts.indicator_values as figure
      join marts.periods as periods on periods.period = figure.period
      where periods.period_kind = 'quarter'
        and figure.is_primary
        and figure.value is not null
      group by figure.period
      order by count(*) desc, figure.period desc
      limit 1
    ) as period
),

steps (step, question_vi, question_en, table_name, example_sql) as (
  values
    (
      1,
      'Từng đơn vị đạt bao nhiêu, so với mục tiêu, kỳ trước và cùng kỳ?',
      'How far is every unit, against target, the period before and the year before?',
      'marts.figures',
      'select unit_vi, value, target, previous_change, last_year_change, verdict_vi from marts.figures
where indicator_code = ''{indicator}'' and period = ''{period}'' order by unit_order'
    ),
    (
      2,
      'Mục nào của Thông báo đạt, chưa đạt, vì sao?',
      'Which entries of the notice are met, which are not, and why?',
      'marts.goals',
      'select goal_id, goal_vi, status_vi, reason_vi from marts.goals
where unit_code = ''{unit}'' and period = ''{period}'' order by goal_order'
    ),
    (
      3,
      'Việc gì cần xử lý trước?',
      'What needs attention first?',
      'marts.problems',
      'select urgency, problem_vi, unit_vi, about_vi, detail_vi from marts.problems where period = ''{period}'''
    ),
    (
      4,
      'Hồ sơ, đơn thư chậm ở lĩnh vực nào?',
      'In which field are dossiers and petitions late?',
      'marts.by_field',
      'select field_name, judged_count, late_count, in_term_pct from marts.by_field
where dataset = ''dossiers'' and unit_code = ''{unit}'' and period = ''{period}'' order by late_count desc'
    ),
    (
      5,
      'Chậm ở xã nào?',
      'In which commune?',
      'marts.by_commune',
      'select commune_vi, open_count, overdue_count from marts.by_commune
where dataset = ''petitions'' and unit_code = ''{unit}'' and period = ''{period}'' order by overdue_count desc'
    ),
    (
      6,
      'Chậm ở phòng, ban nào?',
      'In which office?',
      'marts.by_office',
      'select executing_office, judged_count, late_count from marts.by_office
where unit_code = ''{unit}'' and period = ''{period}'' order by late_count desc'
    ),
    (
      7,
      'Nộp trực tiếp hay trực tuyến, và kênh nào chậm?',
      'In person or online, and which of these is late?',
      'marts.by_channel',
      'select channel_vi, received_count, in_term_pct from marts.by_channel
where unit_code = ''{unit}'' and period = ''{period}'' order by channel_code'
    ),
    (
      8,
      'Số liệu lấy từ tệp nào?',
      'Which file does a figure come from?',
      'marts.explanations',
      'select part, measure, member_code, file_name, amount from marts.explanations join ops.deliveries using (delivery_id)
where indicator_code = ''{indicator}'' and unit_code = ''{unit}'' and period = ''{period}'''
    ),
    (
      9,
      'Ai chưa gửi, gửi chậm?',
      'Who has not sent, or sent late?',
      'ops.obligations',
      'select feed, period, due_on, status from ops.obligations where status in (''missing'', ''late'') order by due_on'
    ),
    (
      10,
      'Số liệu nào được hiệu chỉnh bằng tay?',
      'Which figures were corrected by hand?',
      'marts.corrections',
      'select correction_id, unit_code, period, action, state, reason from marts.corrections'
    ),
    (
      11,
      'Một cột nghĩa là gì?',
      'What does a column mean?',
      'duckdb_columns()',
      'select column_name, comment from duckdb_columns()
where schema_name = ''marts'' and table_name = ''figures'' order by column_index'
    )
)

select
  steps.step,
  steps.question_vi,
  steps.question_en,
  steps.table_name,
  replace(
    replace(replace(steps.example_sql, '{unit}', place.unit_code), '{period}', coalesce(place.period, '')),
    '{indicator}', place.indicator_code
  ) as example_sql
from steps
cross join place
order by steps.step
