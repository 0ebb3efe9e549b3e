import type { DownloadFormat } from "@tesslate/contract";
import { ApiError, urlOf } from "@tesslate/client/core";
import { session } from "../../api.ts";

/** Downloads the project's archive with the browser. A HEAD request first: an error is thrown instead of being saved as a file. */
export async function downloadProject(slug: string, format: DownloadFormat): Promise<void> {
  const url = urlOf("/api/projects/{id}/download", { params: { id: slug }, query: { format } });
  const answer = await session.fetch(url, { method: "HEAD" });
  if (!answer.ok)
    throw new ApiError(answer.status, {
      detail: answer.status === 409 ? "The project is still being set up. Try again in a moment." : "Creating the archive failed.",
    });
  const link = document.createElement("a");
  link.href = url;
  link.download = "";
  document.body.append(link);
  link.click();
  link.remove();
}
