import { useQueryClient } from "@tanstack/react-query";
import { maxImportBytes, type TableStructure } from "@tesslate/contract";
import { FileUp } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { formatByteLimit, formatBytes } from "../../lib/bytes.ts";
import { counted } from "../../lib/counted.ts";
import { sentenceOf } from "../../lib/errors.ts";
import { useDroppedFiles } from "../../lib/use-dropped-files.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { useServices } from "../../project/services.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Progress } from "../../ui/Progress.tsx";
import { scrollable } from "../../ui/scrollable.ts";
import { Select } from "../../ui/Select.tsx";
import { Switch } from "../../ui/Switch.tsx";
import { toast } from "../../ui/toast.tsx";
import { looksLikeHeader, mappingOf, previewOf, type CsvPreview } from "./csv.ts";
import { useDatabase } from "./data-context.ts";
import { databaseKey } from "./data.queries.ts";
import { sqlErrorOf } from "./DataError.tsx";
import { settable, tableLabel } from "./table.ts";

const skip = "skip";
const columnChoice = (name: string) => `=${name}`;
const delimiters = [
  { value: ",", label: "Comma" },
  { value: ";", label: "Semicolon" },
  { value: "\t", label: "Tab" },
  { value: "|", label: "Vertical bar" },
];
const shownRows = 6;
/** Databases end few of their messages. */
const endedSentence = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`);

interface Chosen {
  file: File;
  preview: CsvPreview;
  hasHeader: boolean;
  mapping: (string | null)[];
}

/** Imports a CSV file into a table: choose it, map its fields to columns, send it. All rows or none. */
export function ImportCsvDialog({ table, start, onClose }: { table: TableStructure; start: File | undefined; onClose: () => void }) {
  const { uploading } = useServices();
  const queries = useQueryClient();
  const { params, permission } = useDatabase();
  const [chosen, setChosen] = useState<Chosen>();
  const [failure, setFailure] = useState<{ sentence: string; place?: string }>();
  const [sending, setSending] = useState<{ share: number; abort: AbortController }>();
  const drop = useRef<HTMLDivElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const columns = settable(table.columns).map(({ name }) => name);

  const choose = useHandler(async (file: File | undefined, delimiter?: string) => {
    if (!file) return;
    setFailure(undefined);
    if (file.size > maxImportBytes)
      return setFailure({ sentence: `${file.name} is larger than ${formatByteLimit(maxImportBytes)}. Split it into several files.` });
    try {
      const preview = await previewOf(file, delimiter);
      if (preview.rows.length === 0) return setFailure({ sentence: `${file.name} has no rows.` });
      const hasHeader = looksLikeHeader(preview, columns);
      setChosen({ file, preview, hasHeader, mapping: mappingOf(preview, columns, hasHeader) });
    } catch (error) {
      setFailure({ sentence: `Couldn't read ${file.name}. ${sentenceOf(error)}` });
    }
  });
  useEffect(() => void choose(start), [choose, start]);
  const { isOver } = useDroppedFiles(drop, (files) => void choose(files[0]));

  const mapped = chosen?.mapping.filter((column) => column !== null) ?? [];
  const doubled = mapped.find((column, index) => mapped.indexOf(column) !== index);
  const send = async () => {
    if (!chosen || !(await permission.request())) return;
    const abort = new AbortController();
    setFailure(undefined);
    setSending({ share: 0, abort });
    const form = new FormData();
    form.append("schema", table.schema);
    form.append("table", table.name);
    form.append("columns", JSON.stringify(chosen.mapping));
    form.append("has_header", String(chosen.hasHeader));
    form.append("delimiter", chosen.preview.delimiter);
    form.append("file", chosen.file, chosen.file.name);
    try {
      const client = uploading((share) => setSending((now) => now && { ...now, share }));
      const { rows } = await client.databases.importTable({ params, form }, { signal: abort.signal });
      void queries.invalidateQueries({ queryKey: databaseKey(params.id, params.database_id) });
      toast(`${counted(rows, "row")} imported into ${tableLabel(table)}.`);
      onClose();
    } catch (error) {
      if (abort.signal.aborted) return setFailure({ sentence: "Import canceled. Nothing was added." });
      const details = sqlErrorOf(error);
      const place = [
        details?.line === undefined ? (details?.row === undefined ? undefined : `Row ${details.row}`) : `Line ${details.line}`,
        details?.column === undefined ? undefined : `column ${details.column}`,
      ]
        .filter(Boolean)
        .join(", ");
      const sentence = details ? [details.message, details.detail].filter((one) => one !== undefined).map(endedSentence).join(" ") : sentenceOf(error);
      setFailure({ sentence, ...(place && { place }) });
    } finally {
      setSending(undefined);
    }
  };
  const setHeader = (hasHeader: boolean) =>
    setChosen((now) => now && { ...now, hasHeader, mapping: mappingOf(now.preview, columns, hasHeader) });
  const shown = chosen?.preview.rows.slice(chosen.hasHeader ? 1 : 0, shownRows + (chosen.hasHeader ? 1 : 0)) ?? [];
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => {
        if (isOpen) return;
        sending?.abort.abort();
        onClose();
      }}
      isHeld={sending !== undefined}
      title={`Import CSV into ${tableLabel(table)}`}
      width={chosen ? "3xl" : "lg"}
      footer={
        <>
          {sending ? (
            <Button variant="ghost" onClick={() => sending.abort.abort()}>
              Cancel import
            </Button>
          ) : (
            <Button variant="ghost" onClick={onClose}>
              Cancel
            </Button>
          )}
          <Button
            variant="primary"
            disabled={!chosen || mapped.length === 0 || doubled !== undefined}
            isLoading={sending !== undefined}
            loadingWord="Importing…"
            onClick={() => void send()}
          >
            Import rows
          </Button>
        </>
      }
    >
      <div ref={drop} className="grid grid-cols-1 gap-3">
        <input
          ref={picker}
          type="file"
          accept=".csv,.tsv,.txt,text/csv"
          aria-label="CSV file"
          tabIndex={-1}
          className="sr-only"
          onChange={(event) => {
            void choose(event.target.files?.[0]);
            event.target.value = "";
          }}
        />
        {failure === undefined ? null : (
          <Banner tone="err">
            {failure.place === undefined ? null : <b>{failure.place}: </b>}
            {failure.sentence}
            {failure.place === undefined ? null : " Nothing was added."}
          </Banner>
        )}
        {chosen ? (
          <>
            <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
              <span className="min-w-0 truncate text-fg-0">
                {chosen.file.name} <span className="num text-fg-2">{formatBytes(chosen.file.size)}</span>
              </span>
              <Button size="sm" disabled={sending !== undefined} onClick={() => picker.current?.click()}>
                Choose another file
              </Button>
              <span className="flex-1" />
              <Switch isOn={chosen.hasHeader} onChange={setHeader} label="First row has names" />
              <span className="w-36">
                <Select
                  size="sm"
                  label="Delimiter"
                  value={chosen.preview.delimiter}
                  options={
                    delimiters.some(({ value }) => value === chosen.preview.delimiter)
                      ? delimiters
                      : [...delimiters, { value: chosen.preview.delimiter, label: `“${chosen.preview.delimiter}”` }]
                  }
                  onChange={(next) => void choose(chosen.file, next)}
                />
              </span>
            </div>
            <div {...scrollable} role="group" aria-label="Preview" className="overflow-x-auto rounded-2 border border-line-0">
              <table aria-label="First rows and their columns" className="w-full text-xs">
                <thead>
                  <tr className="border-b border-line-0 bg-bg-2 text-left">
                    {chosen.mapping.map((column, index) => (
                      <th key={index} scope="col" className="min-w-40 p-1.5 font-medium">
                        {chosen.hasHeader ? (
                          <span className="block truncate px-1 pb-1 font-mono text-fg-2">{chosen.preview.rows[0]?.[index] ?? ""}</span>
                        ) : null}
                        <Select
                          size="sm"
                          label={`Column for field ${index + 1}`}
                          value={column === null ? skip : columnChoice(column)}
                          options={[
                            { value: skip, label: "Skip field" },
                            ...columns.map((name) => ({ value: columnChoice(name), label: name })),
                          ]}
                          onChange={(next) =>
                            setChosen((now) =>
                              now && {
                                ...now,
                                mapping: now.mapping.map((old, at) => (at === index ? (next === skip ? null : next.slice(1)) : old)),
                              },
                            )
                          }
                        />
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {shown.map((row, index) => (
                    <tr key={index} className="h-7 border-b border-line-0 last:border-0">
                      {chosen.mapping.map((column, at) => (
                        <td
                          key={at}
                          className={`max-w-56 truncate px-2.5 font-mono ${column === null ? "text-fg-3 line-through" : "text-fg-0"}`}
                        >
                          {row[at] === undefined || row[at] === "" ? <span className="text-fg-2 italic">empty</span> : row[at]}
                        </td>
                      ))}
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            <p className="text-xs text-fg-2">
              {doubled !== undefined
                ? `“${doubled}” is chosen for two fields. Choose each column once.`
                : mapped.length === 0
                  ? "Choose a column for at least one field."
                  : "All rows are added, or none. An empty field becomes NULL. Imports can't be undone."}
            </p>
            {sending ? <Progress share={sending.share < 1 ? sending.share : undefined} label="Importing rows" /> : null}
          </>
        ) : (
          <div
            data-over={isOver || undefined}
            className="grid justify-items-center gap-3 rounded-3 border border-dashed border-line-1 p-8 text-center data-over:border-fg-0 data-over:bg-bg-2"
          >
            <p className="text-sm text-fg-1">{`Drop a CSV file in UTF-8 here, at most ${formatByteLimit(maxImportBytes)}.`}</p>
            <Button icon={<FileUp size={14} />} onClick={() => picker.current?.click()}>
              Choose file
            </Button>
          </div>
        )}
      </div>
    </Dialog>
  );
}
