import type { TableStructure } from "@tesslate/contract";
import { KeyRound, Link2 } from "lucide-react";
import type { ReactNode } from "react";
import { formatBytes } from "../../lib/bytes.ts";
import { formatNumber } from "../../lib/numbers.ts";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { scrollable } from "../../ui/scrollable.ts";
import { useDatabase } from "./data-context.ts";
import { foreignKeyOf, tableKinds, tableLabel } from "./table.ts";

/** Columns, keys, indexes, checks and size of a table or view. */
export function StructureTab({ structure }: { structure: TableStructure }) {
  const { place } = useDatabase();
  const { columns, primary_key: key, foreign_keys: foreignKeys, indexes, checks, referenced_by: referencedBy } = structure;
  const hasComments = columns.some(({ comment }) => comment !== null && comment !== "");
  const facts = [
    ["Type", tableKinds[structure.kind]],
    ["Rows", structure.row_estimate === null ? "Unknown" : `About ${formatNumber(structure.row_estimate)}`],
    ["Size with indexes", structure.size_bytes === null ? "Unknown" : formatBytes(structure.size_bytes)],
  ] as const;
  const open = (schema: string, name: string) => (
    <button type="button" className="link rounded-1 font-mono" onClick={() => place.openTable({ schema, name })}>
      {tableLabel({ schema, name })}
    </button>
  );
  return (
    <div className="scroll-y min-h-0 flex-1">
      <div className="grid grid-cols-1 gap-6 p-4 narrow:p-3">
        <dl className="flex flex-wrap gap-x-8 gap-y-2 text-xs">
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt className="text-fg-2">{name}</dt>
              <dd className="num text-fg-0">{value}</dd>
            </div>
          ))}
        </dl>
        {structure.comment ? <p className="max-w-[70ch] text-sm leading-read text-fg-1">{structure.comment}</p> : null}
        <Part title="Columns" head={["Name", "Type", "Nullable", "Default", ...(hasComments ? ["Comment"] : [])]}>
          {columns.map((column) => (
            <tr key={column.name} className={rowClass}>
              <th scope="row" className={`${cell} font-mono font-medium text-fg-0`}>
                <span className="inline-flex items-center gap-1.5">
                  {column.name}
                  {key.includes(column.name) ? <KeyRound size={12} className="text-fg-2" aria-label="Primary key" /> : null}
                  {foreignKeyOf(foreignKeys, column.name) ? <Link2 size={12} className="text-fg-2" aria-label="Foreign key" /> : null}
                </span>
              </th>
              <td className={`${cell} font-mono`}>
                {column.type}
                {column.enum_values && !column.type.startsWith("enum(") ? <span className="text-fg-2">: {column.enum_values.join(", ")}</span> : null}
              </td>
              <td className={cell}>{column.is_nullable ? "Yes" : "No"}</td>
              <td className={`${cell} font-mono`}>{column.is_generated ? `Generated${column.default ? `: ${column.default}` : ""}` : (column.default ?? "")}</td>
              {hasComments ? <td className={cell}>{column.comment ?? ""}</td> : null}
            </tr>
          ))}
        </Part>
        {key.length === 0 && structure.kind === "table" ? (
          <p className="text-xs text-fg-2">This table has no primary key. Its rows can be read and added, but not edited here.</p>
        ) : null}
        {foreignKeys.length > 0 ? (
          <Part title="Foreign keys" head={["Name", "Columns", "References", "On delete", "On update"]}>
            {foreignKeys.map((one) => (
              <tr key={one.name} className={rowClass}>
                <th scope="row" className={`${cell} font-mono font-regular text-fg-0`}>
                  {one.name}
                </th>
                <td className={`${cell} font-mono`}>{one.columns.join(", ")}</td>
                <td className={cell}>
                  {open(one.to_schema, one.to_table)} <span className="font-mono">({one.to_columns.join(", ")})</span>
                </td>
                <td className={cell}>{one.on_delete}</td>
                <td className={cell}>{one.on_update}</td>
              </tr>
            ))}
          </Part>
        ) : null}
        {referencedBy.length > 0 ? (
          <Part title="Referenced by" head={["Name", "Table", "Columns", "References"]}>
            {referencedBy.map((one) => (
              <tr key={`${one.schema}.${one.table}.${one.name}`} className={rowClass}>
                <th scope="row" className={`${cell} font-mono font-regular text-fg-0`}>
                  {one.name}
                </th>
                <td className={cell}>{open(one.schema, one.table)}</td>
                <td className={`${cell} font-mono`}>{one.columns.join(", ")}</td>
                <td className={`${cell} font-mono`}>{one.to_columns.join(", ")}</td>
              </tr>
            ))}
          </Part>
        ) : null}
        {indexes.length > 0 ? (
          <Part title="Indexes" head={["Name", "Columns", "Kind", "Definition"]}>
            {indexes.map((index) => (
              <tr key={index.name} className={rowClass}>
                <th scope="row" className={`${cell} font-mono font-regular text-fg-0`}>
                  {index.name}
                </th>
                <td className={`${cell} font-mono`}>{index.columns.join(", ")}</td>
                <td className={cell}>{index.is_primary ? "Primary key" : index.is_unique ? "Unique" : "Index"}</td>
                <td className={`${cell} max-w-0 min-w-64 truncate font-mono text-fg-2`} title={index.definition}>
                  {index.definition}
                </td>
              </tr>
            ))}
          </Part>
        ) : null}
        {checks.length > 0 ? (
          <Part title="Checks" head={["Name", "Condition"]}>
            {checks.map((check) => (
              <tr key={check.name} className={rowClass}>
                <th scope="row" className={`${cell} font-mono font-regular text-fg-0`}>
                  {check.name}
                </th>
                <td className={`${cell} font-mono`}>{check.definition}</td>
              </tr>
            ))}
          </Part>
        ) : null}
        {structure.definition === null ? null : (
          <section>
            <div className="flex items-center gap-2 pb-1.5">
              <h3 className="text-sm">Query</h3>
              <CopyButton text={structure.definition} label="Copy query" />
            </div>
            <pre className="overflow-x-auto rounded-2 border border-line-0 bg-bg-2 p-3 font-mono text-xs leading-code text-fg-0" {...scrollable}>
              {structure.definition}
            </pre>
          </section>
        )}
      </div>
    </div>
  );
}

const rowClass = "h-7 border-b border-line-0 last:border-0 narrow:h-11";
const cell = "px-2.5 py-1 text-left whitespace-nowrap";

const Part = ({ title, head, children }: { title: string; head: readonly string[]; children: ReactNode }) => (
  <section aria-label={title} className="min-w-0">
    <h3 className="pb-1.5 text-sm">{title}</h3>
    <div className="overflow-x-auto rounded-2 border border-line-0" {...scrollable} role="group" aria-label={title}>
      <table aria-label={title} className="w-full text-xs text-fg-1">
        <thead>
          <tr className="h-7 border-b border-line-0 bg-bg-2 text-left text-fg-2">
            {head.map((name) => (
              <th key={name} scope="col" className="px-2.5 font-medium whitespace-nowrap">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  </section>
);
