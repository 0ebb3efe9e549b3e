import { expect, test } from "vitest";
import { splitSql } from "./split-sql.ts";

const textsOf = (sql: string) => splitSql(sql).map(({ text }) => text);

test("statements end at semicolons outside of quotes, comments and bodies", () => {
  expect(textsOf("select 1; select 2 ;; -- no; end\n ; /* a; /* b; */ c; */")).toEqual(["select 1", "select 2"]);
  expect(textsOf(`select 'a;''b', E'\\';', "x;y"; select 'a\\'; select 3`)).toEqual([
    `select 'a;''b', E'\\';', "x;y"`,
    `select 'a\\'`,
    "select 3",
  ]);
  expect(textsOf("do $$ begin; end $$; select $q$ $$;$q$; select $1;")).toEqual(["do $$ begin; end $$", "select $q$ $$;$q$", "select $1"]);
  expect(
    textsOf(
      "create function f() returns int begin atomic select case when true then 1 end; select 2; end; select case 1 when 1 then 2 end; begin; commit",
    ),
  ).toEqual([
    "create function f() returns int begin atomic select case when true then 1 end; select 2; end",
    "select case 1 when 1 then 2 end",
    "begin",
    "commit",
  ]);
  expect(textsOf("create trigger t after insert on a begin update b set c = 1; delete from d; end; select 1")).toEqual([
    "create trigger t after insert on a begin update b set c = 1; delete from d; end",
    "select 1",
  ]);
});

test("offsets point at the statement in the given text, also after an unclosed quote", () => {
  const sql = "  select 1;\n\n  select '2; select 3";
  expect(splitSql(sql)).toEqual([
    { text: "select 1", offset: 2 },
    { text: "select '2; select 3", offset: 15 },
  ]);
  expect(splitSql(" -- nothing\n")).toEqual([]);
});

test("MySQL has backslashes in texts, comments with #, and bodies of routines", () => {
  const textsOfMysql = (sql: string) => splitSql(sql, "mysql").map(({ text }) => text);
  expect(textsOfMysql("select 'a\\';b', \"c\\\";d\"; # no; end\nselect 1--1; select `a;b`; select $$; select 2")).toEqual([
    "select 'a\\';b', \"c\\\";d\"",
    "# no; end\nselect 1--1",
    "select `a;b`",
    "select $$",
    "select 2",
  ]);
  expect(
    textsOfMysql(
      "create procedure p() begin if 1 then select 1; end if; case 1 when 1 then select 2; end case; while 0 do select 3; end while; end; select 4; begin; commit",
    ),
  ).toEqual([
    "create procedure p() begin if 1 then select 1; end if; case 1 when 1 then select 2; end case; while 0 do select 3; end while; end",
    "select 4",
    "begin",
    "commit",
  ]);
  expect(textsOfMysql("/*! commit */; /* nothing */; select 1")).toEqual(["/*! commit */", "select 1"]);
});
