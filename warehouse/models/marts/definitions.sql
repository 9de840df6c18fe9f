-- The definitions of the indicators: how each is summed, marked and compared. One that is broken down into several (a factor of a
-- survey) is one row here; term_id is the id its terms stand under. stands_alone: published for the unit itself, so that it is made
-- of no other unit's rows and lacks none. is_summed: made of the figures of smaller units, which can be taken off it again.
-- own_dataset: where the definition is made of another dataset than the catalogue says (REGISTER: single cases instead of a form). The
-- official one is assessed, unless the setting assessed_by_register names the indicator.
-- counts_bodies: the province's figure counts the bodies that report, and its coverage asks for them.
-- vi: Định nghĩa của các chỉ số: cách cộng, đánh dấu và so sánh.
-- grain: indicator_code, term_id
select
  terms.indicator_code,
  terms.definition_id as term_id,
  case
    when bool_or(terms.indicator_code in (select indicator_code from ref.indicator_terms where definition_id = 'REGISTER'))
      and list_contains(string_split(setting('assessed_by_register'), ' '), terms.indicator_code)
      then terms.definition_id = 'REGISTER'
    else coalesce(any_value(own.is_primary), true)
  end as is_primary,
  case when terms.definition_id = 'REGISTER' then min(measures.dataset) end as own_dataset,
  coalesce(any_value(own.span), 'period') as span,
  any_value(own.breakdown) as breakdown,
  any_value(own.primary_breakdown) as primary_breakdown,
  coalesce(any_value(own.is_floored), false) as is_floored,
  any_value(own.interval) as interval,
  any_value(own.sample_measure) as sample_measure,
  coalesce(any_value(own.hides_small_samples), false) as hides_small_samples,
  coalesce(any_value(own.flags_too_good), false) as flags_too_good,
  coalesce(any_value(own.is_complete_list), false) as is_complete_list,
  coalesce(any_value(scopes.stands_alone), false) as stands_alone,
  coalesce(any_value(scopes.counts_bodies), false) as counts_bodies,
  any_value(own.due_rule) as due_rule,
  any_value(own.list_code) as list_code,
  any_value(own.note_vi) as note_vi,
  bool_or(terms.part = 'denominator') as is_share,
  bool_and(measures.kind not in ('median', 'distinct')) as is_summed
from ref.indicator_terms as terms
left join ref.indicator_definitions as own
  on own.indicator_code = terms.indicator_code
  and own.definition_id = terms.definition_id
join ref.measures as measures on measures.measure = terms.measure
left join ref.indicator_scopes as scopes on scopes.indicator_code = terms.indicator_code
group by terms.indicator_code, terms.definition_id
