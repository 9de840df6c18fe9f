-- Complaints and feedback received, by unit, month of receipt, kind and field; a case that comes again counts once. Denunciations
-- are not among them: of these only marts.denunciation_counts speaks.
-- vi: Số đơn khiếu nại và kiến nghị, phản ánh theo đơn vị, tháng nhận, loại và lĩnh vực; không gồm tố cáo.
-- grain: unit_code, received_month, kind_code, field_name
-- column case_count: Số đơn · petitions, each counted once
select
  unit_code,
  strftime(received_on, '%Y-%m') as received_month,
  kind_code,
  field_name,
  count(distinct petition_code) as case_count
from core.petitions_current
where kind_code in ('complaint', 'feedback')
group by all
