import { urlOf } from "@tesslate/client/core";

const clickLink = (href: string, name: string): void => {
  const link = document.createElement("a");
  link.href = href;
  link.download = name;
  link.click();
};

/** Lets the browser download a whole table: it is streamed to the disk. */
export const downloadTable = (params: { id: string; database_id: string }, table: { schema: string; name: string }): void =>
  clickLink(
    urlOf("/api/projects/{id}/databases/{database_id}/export", { params, query: { schema: table.schema, table: table.name } }),
    `${table.name}.csv`,
  );

/** Saves the body of a response. The browser keeps what does not fit in memory on the disk. */
export async function saveResponse(response: Response, name: string): Promise<void> {
  const url = URL.createObjectURL(await response.blob());
  clickLink(url, name);
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
