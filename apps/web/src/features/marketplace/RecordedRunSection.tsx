import { useQuery } from "@tanstack/react-query";
import { Suspense } from "react";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { RecordedRunPlayer } from "../chat/index.ts";
import { ItemSection } from "./ItemPage.tsx";
import { recordedRunQuery } from "./marketplace.queries.ts";

/** The run that the creator of an agent shows on its page. */
export function RecordedRunSection({ slug }: { slug: string }) {
  const query = useQuery(recordedRunQuery(slug));
  const loading = <SkeletonRows count={5} label="Loading recorded run…" />;
  return (
    <ItemSection title="Recorded run">
      {query.data ? (
        <Suspense fallback={loading}>
          <RecordedRunPlayer run={query.data} />
        </Suspense>
      ) : query.error ? (
        <LoadFailed className="px-0" title="Couldn't load the recorded run" of={query} />
      ) : (
        loading
      )}
    </ItemSection>
  );
}
