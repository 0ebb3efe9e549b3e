import type { DownloadFormat } from "@tesslate/contract";
import { ApiError, urlOf } from "@tesslate/client/core";
import { session } from "../../api.ts";

/** Hands the project's archive to the browser's own download. Asks first: a refusal is thrown here, with its sentence, instead of being saved as a file. */
export async function downloadProject(slug: string, format: DownloadFormat): Promise<void> {
  const url = urlOf("/api/projects/{id}/download", { params: { id: slug }, query: { format } });
  const answer = await session.fetch(url, { method: "HEAD" });
  if (!answer.ok)
    throw new ApiError(answer.status, {
      detail: answer.status === 409 ? "The project is still being set up. Try again in a moment." : "The archive could not be made.",
    });
  const link = document.createElement("a");
  link.href = url;
  link.download = "";
  document.body.append(link);
  link.click();
  link.remove();
}
