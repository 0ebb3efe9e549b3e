/** A table with rows of a user, found through foreign keys, so that new tables are exported automatically. */
export interface OwnedTable {
  name: string;
  /** Columns without secrets. */
  columns: string[];
  /** The SQL condition on `t` for rows of this user; `userId` is SQL. */
  isOwn(userId: string): string;
}
interface Schema {
  columns: readonly { table: string; column: string; type: string }[];
  keys: readonly { table: string; column: string; target: string; target_column: string }[];
}

/** Internal tables, and data the archive contains in another form. */
const leftOut = new Set([
  "one_time_tokens",
  "login_attempts",
  "credit_reservations",
  "events",
  "user_avatars",
  "chat_attachment_pieces",
  "idempotency_keys",
]);
/** Encrypted values are `bytea`; the pattern finds hashes and tokens in other columns. */
const isSecret = ({ column, type }: { column: string; type: string }) => type === "bytea" || /hash|password|sealed|token(?!s)/.test(column);
/** Which administrator acted is only in the audit log. */
const namesAdministrator = ({ column }: { column: string }) =>
  /^(?:(?:suspended|deleted|made)_by_id|impersonator_(?:session_)?id)$/.test(column);
/** Rows of a user that belong to an administrator: impersonation sessions. */
const isOfAdministrator: Readonly<Record<string, string>> = { sessions: "impersonator_id" };
const maxDepth = 4;

/** `users` first, then tables that reference it, directly or through others. */
export function ownedTables({ columns, keys }: Schema): OwnedTable[] {
  const conditions = new Map<string, (userId: string, alias: string) => string>([
    ["users", (userId, alias) => `${alias}."id" = ${userId}`],
  ]);
  for (let depth = 0; depth < maxDepth; depth++) {
    // Each step follows one more foreign key.
    const reached = Array.from(conditions);
    for (const [target, condition] of reached)
      for (const key of keys) {
        if (key.target !== target || conditions.has(key.table)) continue;
        const inner = `p${depth}`;
        conditions.set(key.table, (userId, alias) =>
          target === "users" && key.target_column === "id"
            ? `${alias}."${key.column}" = ${userId}`
            : `${alias}."${key.column}" in (select ${inner}."${key.target_column}" from "${target}" ${inner} where ${condition(userId, inner)})`,
        );
      }
  }
  return [...conditions].flatMap(([name, condition]) => {
    const shown = columns
      .filter((column) => column.table === name && !isSecret(column) && !namesAdministrator(column))
      .map(({ column }) => column);
    const by = isOfAdministrator[name];
    const isOwn = (userId: string) => condition(userId, "t") + (by === undefined ? "" : ` and t."${by}" is null`);
    return leftOut.has(name) || shown.length === 0 ? [] : [{ name, columns: shown, isOwn }];
  });
}
