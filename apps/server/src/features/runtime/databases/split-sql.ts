/** A statement and its offset in the text it comes from, in characters. */
export interface Statement {
  text: string;
  offset: number;
}

/** How texts and comments are written: MySQL has backslashes in texts, `#` comments and no quoting with dollars. */
export type SqlSyntax = "standard" | "mysql";

/** What a semicolon can stand in without ending a statement. */
const tokens =
  /--[^\n]*|#[^\n]*|\/\*|'|"|`|\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$|;|\b(?:begin\s+atomic|end\s+(?:if|loop|while|repeat|for|case)|create\s+(?:or\s+replace\s+)?(?:temp\s+|temporary\s+)?trigger|begin|case|end)\b|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/giy;

/**
 * Splits SQL at the semicolons between statements; comments, quoted texts and bodies of functions and triggers are kept whole. Statements
 * without anything but comments are left out. It decides nothing about what a statement may do: a wrong split is a syntax error.
 */
export function splitSql(sql: string, syntax: SqlSyntax = "standard"): Statement[] {
  const isMysql = syntax === "mysql";
  const statements: Statement[] = [];
  let start = 0;
  let hasContent = false;
  /** Open `BEGIN ATOMIC` and `CASE` blocks, or the body of a SQLite trigger. */
  let depth = 0;
  let isTrigger = false;
  /** Whether the statement creates something, which can have a body. */
  let isCreate = false;
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
    isCreate = false;
  };
  for (let at = 0; at < sql.length;) {
    tokens.lastIndex = at;
    const token = tokens.exec(sql)?.[0];
    if (token === undefined || (token.startsWith("$") && isMysql) || (token.startsWith("#") && !isMysql)) {
      if (/\S/.test(sql[at] ?? "")) hasContent = true;
      at += 1;
      continue;
    }
    // In MySQL two dashes begin a comment only before a space.
    if (isMysql && token.startsWith("--") && /^--[^\s]/.test(token)) {
      hasContent = true;
      at += 2;
    } else if (token.startsWith("--") || token.startsWith("#")) at += token.length;
    else if (token === "/*") {
      // MySQL runs what is in such a comment.
      if (isMysql && /^\/\*M?!/.test(sql.slice(at, at + 4))) hasContent = true;
      at = isMysql ? endOfPlainComment(sql, at) : endOfComment(sql, at);
    } else if (token === ";") {
      if (depth === 0) take(at);
      at += 1;
    } else {
      hasContent = true;
      if (token === "'") at = endOfQuoted(sql, at, isMysql || /\bE$/i.test(sql.slice(Math.max(0, at - 2), at)));
      else if (token === '"' || token === "`") at = endOfQuoted(sql, at, isMysql && token === '"');
      else if (token.startsWith("$")) {
        const end = sql.indexOf(token, at + token.length);
        at = end === -1 ? sql.length : end + token.length;
      } else {
        const word = token.toLowerCase().replace(/\s+/g, " ");
        if (word === "create") isCreate = true;
        if (word.startsWith("create") && word.endsWith("trigger")) isTrigger = true;
        else if (word === "begin atomic" || (word === "begin" && (isTrigger || (isMysql && isCreate))) || (word === "case" && depth > 0))
          depth += 1;
        else if ((word === "end" || word === "end case") && depth > 0) depth -= 1;
        at += token.length;
      }
    }
  }
  take(sql.length);
  return statements;
}

const endOfPlainComment = (sql: string, from: number): number => {
  const end = sql.indexOf("*/", from + 2);
  return end === -1 ? sql.length : end + 2;
};
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
