import { Link } from "@tanstack/react-router";
import { Progress } from "../../ui/Progress.tsx";
import { failedNames, summaryOf, usePreparation } from "../preparation/index.ts";

/** What the server prepares after its start, for as long as that takes. Administrators also see what failed. */
export function PreparationProgress({ isAdministrator }: { isAdministrator: boolean }) {
  const items = usePreparation() ?? [];
  const summary = summaryOf(items);
  const failed = isAdministrator ? failedNames(items) : [];
  if (!summary && failed.length === 0) return null;
  return (
    <section aria-label="Preparation" className="mt-4 grid gap-2 px-1 text-xs text-fg-2">
      {summary ? (
        <div>
          <p role="status" className="num mb-1.5">
            {summary.text}
          </p>
          <Progress label={summary.text} share={summary.share} />
        </div>
      ) : null}
      {failed.length > 0 ? (
        <p>
          Couldn't prepare {failed.join(", ")}. The server will retry.{" "}
          <Link to="/admin/system" className="text-fg-0 underline underline-offset-2">
            Show details
          </Link>
        </p>
      ) : null}
    </section>
  );
}
