/** A statement in a text: where it begins and ends, without the semicolon. */
interface Statement {
  from: number;
  to: number;
  sql: string;
}

/** Comments, quoted names and texts, dollar-quoted texts of PostgreSQL: what can hold a semicolon that ends nothing. */
const skipped = /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|(\$(?:[A-Za-z_]\w*)?\$)[\s\S]*?(?:\1|$)|;/g;
const blank = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?(?:\*\/|$))*/;

/** The statements of a text, in order; what holds only spaces and comments is none. */
export function statementsOf(text: string): Statement[] {
  const statements: Statement[] = [];
  let start = 0;
  const end = (at: number) => {
    const lead = blank.exec(text.slice(start, at))?.[0].length ?? 0;
    const sql = text.slice(start + lead, at).trimEnd();
    if (sql) statements.push({ from: start + lead, to: start + lead + sql.length, sql });
    start = at + 1;
  };
  for (const match of text.matchAll(skipped)) if (match[0] === ";") end(match.index);
  end(text.length);
  return statements;
}

/** The statement at a position, or the last one before it. */
export const statementAt = (text: string, position: number): Statement | undefined => {
  const statements = statementsOf(text);
  return statements.find(({ to }) => position <= to + 1) ?? statements.at(-1);
};

const reading = new Set(["select", "with", "show", "explain", "describe", "desc", "values", "table", "pragma"]);
/**
 * Whether a text surely writes, by the first words of its statements. Others are sent to run read-only, where the database refuses what
 * writes after all.
 */
export const writes = (text: string): boolean =>
  statementsOf(text).some(({ sql }) => !reading.has(/^\(*\s*([a-z]+)/i.exec(sql)?.[1]?.toLowerCase() ?? ""));
