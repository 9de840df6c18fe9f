-- The law of terms, over ref.calendar: the N-th working day after day 0, or day 0 + N calendar days rolled on to a working day
-- (Civil Code Art. 148, recalled: verify). Null outside the days the calendar covers. The models and everybody else ask here.
-- The calendar is read once into two lists: joins row by row take seventy times as long. Index 0 of a list is null,
-- a negative one would count from its end.
create or replace macro ref.add_working_days(day0, day_count) as (
  case
    when day_count = 0 then (select list(known.day order by known.day) from ref.calendar as known)[
      greatest(cast(day0 as date) - (select min(known.day) from ref.calendar as known) + 1, 0)
    ]
    when day_count > 0 then (
      select list(known.day order by known.day) from ref.calendar as known where known.is_working_day
    )[
      day_count + (select list(known.working_day_no order by known.day) from ref.calendar as known)[
        greatest(cast(day0 as date) - (select min(known.day) from ref.calendar as known) + 1, 0)
      ]
    ]
  end
);

create or replace macro ref.due_date(day0, length_days, day_kind) as (
  case day_kind
    when 'working' then ref.add_working_days(day0, length_days)
    when 'calendar' then ref.add_working_days(cast(day0 as date) + cast(length_days as integer) - 1, 1)
  end
);
