import { useQuery } from "@tanstack/react-query";
import { Suspense } from "react";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { RecordedRunPlayer } from "../chat/index.ts";
import { ItemSection } from "./ItemPage.tsx";
import { recordedRunQuery } from "./marketplace.queries.ts";

/** The run on the page of an agent: one that its creator chose, or an example. */
export function RecordedRunSection({ slug }: { slug: string }) {
  const query = useQuery(recordedRunQuery(slug));
  const loading = <SkeletonRows count={5} label="Loading recorded run…" />;
  return (
    <ItemSection title="Recorded run">
      {query.data ? (
        <>
          {query.data.is_example ? (
            <p className="mb-3 max-w-190 text-xs leading-note text-fg-2">
              An example. The messages of the model were written in advance; the tool calls, changes and outputs are from a real project.
            </p>
          ) : null}
          <Suspense fallback={loading}>
            <RecordedRunPlayer run={query.data} />
          </Suspense>
        </>
      ) : query.error ? (
        <LoadFailed className="px-0" title="Couldn't load the recorded run" of={query} />
      ) : (
        loading
      )}
    </ItemSection>
  );
}
