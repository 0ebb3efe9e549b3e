import Papa from "papaparse";

/** The beginning of a CSV file. */
export interface CsvPreview {
  delimiter: string;
  /** Fields of the first rows; rows can differ in length. */
  rows: string[][];
}

const previewBytes = 256 * 1024;
const previewRows = 20;

/** Reads the first rows of a file. `delimiter`: one that was chosen, otherwise it is detected. */
export async function previewOf(file: Blob, delimiter?: string): Promise<CsvPreview> {
  const text = await file.slice(0, previewBytes).text();
  const { data, meta } = Papa.parse<string[]>(text.replace(/^\uFEFF/, ""), {
    preview: previewRows,
    skipEmptyLines: "greedy",
    ...(delimiter !== undefined && { delimiter }),
  });
  // What the end of the part cut is no row.
  const rows = file.size > previewBytes && data.length < previewRows ? data.slice(0, -1) : data;
  return { delimiter: meta.delimiter, rows };
}

/** The column for each field: by name if the file has a header, otherwise by position. */
export function mappingOf(preview: CsvPreview, columns: readonly string[], hasHeader: boolean): (string | null)[] {
  const width = preview.rows.reduce((most, row) => Math.max(most, row.length), 0);
  const taken = new Set<string>();
  return Array.from({ length: width }, (_, index) => {
    const head = preview.rows[0]?.[index]?.trim().toLowerCase();
    const column = hasHeader ? columns.find((name) => name.toLowerCase() === head && !taken.has(name)) : columns[index];
    if (column !== undefined) taken.add(column);
    return column ?? null;
  });
}

/** Whether the first row names columns of the table. */
export const looksLikeHeader = (preview: CsvPreview, columns: readonly string[]): boolean =>
  (preview.rows[0] ?? []).some((field) => columns.some((name) => name.toLowerCase() === field.trim().toLowerCase()));
