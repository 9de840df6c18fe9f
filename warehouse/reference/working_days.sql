-- Arithmetic of terms over ref.calendar; null outside the years it covers. Agrees with warehouse/reference/calendar.py.
create or replace macro ref.add_working_days(day0, day_count) as (
  case
    when day_count = 0 then (select known.day from ref.calendar as known where known.day = cast(day0 as date))
    else (
      select ending.day
      from ref.calendar as ending
      where ending.is_working_day
        and ending.working_day_no = day_count + (
          select beginning.working_day_no from ref.calendar as beginning where beginning.day = cast(day0 as date)
        )
    )
  end
);

create or replace macro ref.due_date(day0, length_days, day_kind) as (
  case day_kind
    when 'working' then ref.add_working_days(day0, length_days)
    when 'calendar' then ref.add_working_days(cast(day0 as date) + cast(length_days as integer) - 1, 1)
  end
);
