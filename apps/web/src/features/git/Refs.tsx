import { Cloud, GitBranch as BranchIcon, Tag } from "lucide-react";
import { Pill } from "../../ui/Pill.tsx";

const shownRefs = 3;
/** Branches and tags of a commit. */
export function Refs({ refs, current, most = shownRefs }: { refs: readonly string[]; current: string | undefined; most?: number }) {
  if (refs.length === 0) return null;
  return (
    <span className="flex max-w-9/20 flex-none items-center gap-1 overflow-hidden">
      {refs.slice(0, most).map((ref) => {
        const isTag = ref.startsWith("tag: ");
        const isRemote = !isTag && ref.startsWith("origin/");
        const name = isTag ? ref.slice("tag: ".length) : ref;
        return (
          <Pill
            key={ref}
            tone={ref === current ? "info" : "neutral"}
            icon={isTag ? <Tag /> : isRemote ? <Cloud /> : <BranchIcon />}
            className="min-w-0 shrink! font-mono"
            title={
              isTag
                ? `Tag ${name}`
                : isRemote
                  ? `Remote branch ${name}`
                  : ref === current
                    ? `Branch ${name}, checked out`
                    : `Branch ${name}`
            }
          >
            <span className="min-w-0 truncate">{name}</span>
          </Pill>
        );
      })}
      {refs.length > most ? (
        <span className="text-2xs text-fg-2" title={refs.slice(most).join(", ")}>
          +{refs.length - most}
        </span>
      ) : null}
    </span>
  );
}
