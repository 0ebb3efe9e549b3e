/** A statement and its offset in the text it comes from, in characters. */
export interface Statement {
  text: string;
  offset: number;
}

/** What a semicolon can stand in without ending a statement, for PostgreSQL and SQLite. */
const tokens =
  /--[^\n]*|\/\*|'|"|`|\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$|;|\b(?:begin\s+atomic|create\s+(?:or\s+replace\s+)?(?:temp\s+|temporary\s+)?trigger|begin|case|end)\b|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/giy;

/**
 * Splits SQL at the semicolons between statements; comments, quoted texts and bodies of functions and triggers are kept whole. Statements
 * without anything but comments are left out. It decides nothing about what a statement may do: a wrong split is a syntax error.
 */
export function splitSql(sql: string): Statement[] {
  const statements: Statement[] = [];
  let start = 0;
  let hasContent = false;
  /** Open `BEGIN ATOMIC` and `CASE` blocks, or the body of a SQLite trigger. */
  let depth = 0;
  let isTrigger = false;
  const take = (end: number) => {
    const text = sql.slice(start, end);
    if (hasContent) {
      const lead = /^\s*/.exec(text)?.[0].length ?? 0;
      statements.push({ text: text.trim(), offset: start + lead });
    }
    start = end + 1;
    hasContent = false;
    depth = 0;
    isTrigger = false;
  };
  for (let at = 0; at < sql.length;) {
    tokens.lastIndex = at;
    const token = tokens.exec(sql)?.[0];
    if (token === undefined) {
      if (/\S/.test(sql[at] ?? "")) hasContent = true;
      at += 1;
      continue;
    }
    if (token.startsWith("--")) at += token.length;
    else if (token === "/*") at = endOfComment(sql, at);
    else if (token === ";") {
      if (depth === 0) take(at);
      at += 1;
    } else {
      hasContent = true;
      if (token === "'") at = endOfQuoted(sql, at, /\bE$/i.test(sql.slice(Math.max(0, at - 2), at)));
      else if (token === '"' || token === "`") at = endOfQuoted(sql, at, false);
      else if (token.startsWith("$")) {
        const end = sql.indexOf(token, at + token.length);
        at = end === -1 ? sql.length : end + token.length;
      } else {
        const word = token.toLowerCase().replace(/\s+/g, " ");
        if (word.startsWith("create") && word.endsWith("trigger")) isTrigger = true;
        else if (word === "begin atomic" || (word === "begin" && isTrigger) || (word === "case" && depth > 0)) depth += 1;
        else if (word === "end" && depth > 0) depth -= 1;
        at += token.length;
      }
    }
  }
  take(sql.length);
  return statements;
}

/** Comments of PostgreSQL nest. */
function endOfComment(sql: string, from: number): number {
  let depth = 0;
  for (let at = from; at < sql.length; at += 1) {
    const two = sql.slice(at, at + 2);
    if (two === "/*") depth += 1;
    else if (two === "*/") depth -= 1;
    else continue;
    at += 1;
    if (depth === 0) return at + 1;
  }
  return sql.length;
}
function endOfQuoted(sql: string, from: number, hasEscapes: boolean): number {
  const quote = sql[from];
  for (let at = from + 1; at < sql.length; at += 1) {
    if (hasEscapes && sql[at] === "\\") at += 1;
    else if (sql[at] === quote && sql[at + 1] === quote) at += 1;
    else if (sql[at] === quote) return at + 1;
  }
  return sql.length;
}
