"""The chain of deliveries of a partition, and the versions of rows that live from one of them to another.

A partition is a feed and a period (or the whole feed). Its deliveries stand in an order that does not depend on when
they arrived: by the moment they speak for, then by their bytes, then, for a second reading of the same bytes, by the
order of loading. A version of a row lives from the delivery that brought it to the first later one that lacks it. A
delivery that arrives late is put in its place of the chain, so that every order of arrival ends in the same warehouse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expectations.contracts.questionnaires import ITEM_PREFIX
from warehouse.deliveries import Judged, LoadError, Tally
from warehouse.schema import content_columns, has_answers, hash_sql, plain_columns

if TYPE_CHECKING:
    import duckdb

    from expectations.contracts.model import Contract


def stage(con: duckdb.DuckDBPyConnection, judged: Judged) -> int:
    """Make temp table `incoming`: the accepted rows in the shape of core, hashed. Returns their number."""
    con.execute("drop table if exists incoming")
    if judged.accepted_path is None:
        con.execute(
            "create temp table incoming (_rid bigint, _sheet varchar, _row bigint, period varchar, _partition varchar,"
            " _row_hash ubigint, _occurrence bigint)"
        )
        return 0
    frame = con.read_parquet(str(judged.accepted_path))
    missing = [name for name in ("_rid", "_sheet", "_row", "period", "unit_code") if name not in frame.columns]
    missing += [column.name for column in plain_columns(judged.contract) if column.name not in frame.columns]
    if missing:
        raise LoadError(
            f"{judged.accepted_path}: the accepted frame lacks {', '.join(missing)}; the reading must make them"
        )
    partition = _text(judged.delivery.feed) + (" || '|' || period" if judged.supersedes == "period" else "")
    con.execute(
        f"""
        create temp table incoming as
        select *, row_number() over (partition by _row_hash order by _rid) as _occurrence
        from (
          select _rid, _sheet, _row, period, {partition} as _partition, {hash_sql(judged.contract)} as _row_hash
          from ({_content(con, judged)})
        )
        """
    )
    counts = con.execute("select count(*), count(period) from incoming").fetchone() or (0, 0)
    if counts[0] != counts[1]:
        raise LoadError(
            f"{judged.delivery.file_name}: {counts[0] - counts[1]} accepted rows lack a period; quarantine them"
        )
    return int(counts[0])


def _content(con: duckdb.DuckDBPyConnection, judged: Judged) -> str:
    """Query for the accepted rows with the content columns of core, and `_rid, _sheet, _row`."""
    path = str(judged.accepted_path)
    columns = ["_rid", "_sheet", "_row", "period", "unit_code"]
    columns += [f'"{column.name}"' for column in plain_columns(judged.contract)]
    if has_answers(judged.contract):
        items = sorted(name for name in con.read_parquet(path).columns if name.startswith(ITEM_PREFIX))
        pairs = ", ".join(
            f"{{'key': '{name.removeprefix(ITEM_PREFIX)}', 'value': cast(\"{name}\" as double)}}" for name in items
        )
        answered = f"map_from_entries(list_filter([{pairs}], lambda pair: pair.value is not null))"
        columns.append(f"{answered if items else 'cast(map {} as map(varchar, double))'} as answers")
    return f"select {', '.join(columns)} from read_parquet({_text(path)})"


def place(con: duckdb.DuckDBPyConnection, judged: Judged) -> Tally:
    """Put the delivery into the chain of its partitions and move versions accordingly."""
    core = f"core.{judged.delivery.dataset}"
    delivery_id = judged.delivery.delivery_id
    _write_partitions(con, judged)
    is_newest = _make_chain(con, judged)
    _make_standing(con, core, is_newest=is_newest)
    con.execute(
        "create temp table gone as select * from standing anti join incoming using (_row_hash, _occurrence, _partition)"
    )
    con.execute(
        "create temp table fresh as select incoming.*, here.next_id from incoming join here using (_partition)"
        " anti join standing using (_row_hash, _occurrence, _partition)"
    )
    if not is_newest:
        _split(con, core)
        _take_over(con, core, delivery_id)
    total, loaded, ended, standing = con.execute(
        "select (select count(*) from incoming), (select count(*) from fresh), (select count(*) from gone),"
        " (select count(*) from standing)"
    ).fetchone() or (0, 0, 0, 0)
    if ended:
        con.execute(f"update {core} set _ended_by = ? where rowid in (select row_id from gone)", [delivery_id])
    if loaded:
        content = ", ".join(f'"{name}"' for name in content_columns(judged.contract))
        listed = ", ".join(f'content."{name}"' for name in content_columns(judged.contract))
        con.execute(
            f"""
            insert into {core}
              ({content}, _partition, _occurrence, _row_hash, _delivery_id, _ended_by, _sheet, _row)
            select {listed}, fresh._partition, fresh._occurrence, fresh._row_hash, ?, fresh.next_id,
                   content._sheet, content._row
            from ({_content(con, judged)}) as content
            join fresh using (_rid)
            {"" if is_newest else "where not fresh.is_taken"}
            """,
            [delivery_id],
        )
    if standing:
        con.execute(
            """
            insert into ops.row_places
            select ?, _partition, _row_hash, _occurrence, _sheet, _row
            from incoming semi join standing using (_row_hash, _occurrence, _partition)
            """,
            [delivery_id],
        )
    con.execute("drop table chain; drop table here; drop table standing; drop table gone; drop table fresh")
    return Tally(loaded=loaded, unchanged=total - loaded, ended=ended)


def _write_partitions(con: duckdb.DuckDBPyConnection, judged: Judged) -> None:
    feed = judged.delivery.feed
    spoken = [f"{feed}|{period}" for period in judged.periods] if judged.supersedes == "period" else [feed]
    con.execute(
        """
        insert into ops.delivery_partitions (delivery_id, dataset, partition, row_count)
        select ?, ?, coalesce(spoken.partition, counted.partition), coalesce(row_count, 0)
        from (select unnest(cast(? as varchar[])) as partition) as spoken
        full join (select _partition as partition, count(*) as row_count from incoming group by all) as counted
          on spoken.partition = counted.partition
        """,
        [judged.delivery.delivery_id, judged.delivery.dataset, spoken],
    )


def _make_chain(con: duckdb.DuckDBPyConnection, judged: Judged) -> bool:
    """Make `chain` (place of every delivery in the partitions concerned) and `here`; True when nothing comes after."""
    con.execute(
        """
        create temp table chain as
        select partition as _partition, delivery_id,
               row_number() over (partition by partition order by effective_at, sha256, load_no) as place
        from ops.delivery_partitions
        join ops.deliveries using (delivery_id)
        where partition in (select partition from ops.delivery_partitions where delivery_id = ?)
        """,
        [judged.delivery.delivery_id],
    )
    con.execute(
        """
        create temp table here as
        select own._partition, own.place, following.delivery_id as next_id
        from chain as own
        left join chain as following on following._partition = own._partition and following.place = own.place + 1
        where own.delivery_id = ?
        """,
        [judged.delivery.delivery_id],
    )
    return _count(con, "select count(next_id) from here") == 0


def _make_standing(con: duckdb.DuckDBPyConnection, core: str, *, is_newest: bool) -> None:
    """Make `standing`: the versions alive just before the delivery's place."""
    if is_newest:
        alive = f"select rowid as row_id, _row_hash, _occurrence, _partition from {core} where _ended_by is null"
        con.execute(f"create temp table standing as from ({alive} and _partition in (select _partition from here))")
        return
    con.execute(
        f"""
        create temp table standing as
        select version.rowid as row_id, version._row_hash, version._occurrence, version._partition, version._ended_by,
               here.next_id
        from {core} as version
        join here on here._partition = version._partition
        join chain as bringing
          on bringing._partition = version._partition and bringing.delivery_id = version._delivery_id
        left join chain as ending
          on ending._partition = version._partition and ending.delivery_id = version._ended_by
        where bringing.place < here.place and (version._ended_by is null or ending.place > here.place)
        """
    )


def _split(con: duckdb.DuckDBPyConnection, core: str) -> None:
    """Versions that lived on beyond a late arrival which lacks them begin anew with the delivery after it."""
    columns = [name for name in con.table(core).columns if name not in {"_delivery_id", "_sheet", "_row"}]
    listed = ", ".join(f'version."{name}"' for name in columns)
    con.execute(
        f"""
        create temp table resumed as
        select {listed}, gone.next_id as _delivery_id, places.sheet as _sheet, places.row as _row
        from {core} as version
        join gone on gone.row_id = version.rowid
        join ops.row_places as places
          on places.delivery_id = gone.next_id and places.partition = version._partition
          and places.row_hash = version._row_hash and places.occurrence = version._occurrence
        where gone.next_id is not null and version._ended_by is distinct from gone.next_id
        """
    )
    con.execute(f"insert into {core} by name select * from resumed")
    con.execute(
        """
        delete from ops.row_places as places using resumed
        where places.delivery_id = resumed._delivery_id and places.partition = resumed._partition
          and places.row_hash = resumed._row_hash and places.occurrence = resumed._occurrence
        """
    )
    con.execute("drop table resumed")


def _take_over(con: duckdb.DuckDBPyConnection, core: str, delivery_id: str) -> None:
    """Versions the next delivery brought, and which the late arrival has too, are brought by the late arrival."""
    con.execute("alter table fresh add column is_taken boolean default false")
    con.execute(
        f"""
        create temp table taken as
        select version.rowid as row_id, version._delivery_id, version._partition, version._row_hash,
               version._occurrence, version._sheet as old_sheet, version._row as old_row, fresh._sheet, fresh._row
        from {core} as version
        join fresh
          on fresh.next_id = version._delivery_id and fresh._partition = version._partition
          and fresh._row_hash = version._row_hash and fresh._occurrence = version._occurrence
        """
    )
    con.execute(
        "insert into ops.row_places"
        " select _delivery_id, _partition, _row_hash, _occurrence, old_sheet, old_row from taken"
    )
    con.execute(
        f"update {core} as version set _delivery_id = ?, _sheet = taken._sheet, _row = taken._row"
        " from taken where version.rowid = taken.row_id",
        [delivery_id],
    )
    con.execute(
        "update fresh set is_taken = true from taken"
        " where fresh._partition = taken._partition and fresh._row_hash = taken._row_hash"
        " and fresh._occurrence = taken._occurrence"
    )
    con.execute("drop table taken")


def take_out(con: duckdb.DuckDBPyConnection, contract: Contract, delivery_id: str) -> None:
    """Lay the versions of a delivery's partitions anew from what every other delivery of them holds."""
    core = f"core.{contract.dataset}"
    content = ", ".join(f'"{name}"' for name in content_columns(contract))
    listed = ", ".join(f'content."{name}"' for name in content_columns(contract))
    con.execute(
        "create temp table concerned as"
        " select partition as _partition from ops.delivery_partitions where delivery_id = ?",
        [delivery_id],
    )
    con.execute("delete from ops.delivery_partitions where delivery_id = ?", [delivery_id])
    con.execute(
        f"""
        create temp table content as
        select distinct on (_partition, _row_hash) _partition, _row_hash, {content}
        from {core}
        where _partition in (from concerned)
        """
    )
    con.execute(
        f"""
        create temp table islands as
        with chain as (
          select partition as _partition, delivery_id,
                 row_number() over (partition by partition order by effective_at, sha256, load_no) as place
          from ops.delivery_partitions
          join ops.deliveries using (delivery_id)
          where partition in (from concerned)
        ),
        held_rows as (
          select _delivery_id as delivery_id, _partition, _row_hash, _occurrence, _sheet, _row from {core}
          union all
          select delivery_id, partition, row_hash, occurrence, sheet, "row" from ops.row_places
        ),
        placed as (
          select held_rows.*, place,
                 place - row_number() over (partition by _partition, _row_hash, _occurrence order by place) as island
          from held_rows
          join chain using (_partition, delivery_id)
        )
        select runs.* exclude (last_place), ending.delivery_id as ended_by
        from (
          select *, place = min(place) over same_run as is_first, max(place) over same_run as last_place
          from placed
          window same_run as (partition by _partition, _row_hash, _occurrence, island)
        ) as runs
        left join chain as ending
          on ending._partition = runs._partition and ending.place = runs.last_place + 1
        """
    )
    con.execute(f"delete from {core} where _partition in (from concerned)")
    con.execute("delete from ops.row_places where partition in (from concerned)")
    con.execute(
        f"""
        insert into {core}
          ({content}, _partition, _occurrence, _row_hash, _delivery_id, _ended_by, _sheet, _row)
        select {listed}, islands._partition, _occurrence, islands._row_hash, delivery_id, ended_by, _sheet, _row
        from islands
        join content using (_partition, _row_hash)
        where is_first
        """
    )
    con.execute(
        "insert into ops.row_places select delivery_id, _partition, _row_hash, _occurrence, _sheet, _row"
        " from islands where not is_first"
    )
    con.execute("drop table concerned; drop table content; drop table islands")


def _count(con: duckdb.DuckDBPyConnection, query: str) -> int:
    row = con.execute(query).fetchone()
    return int(row[0]) if row else 0


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
