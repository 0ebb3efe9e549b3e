import { useState } from "react";
import type { Project } from "@tesslate/contract";
import { cx } from "../../lib/cx.ts";
import { useTheme } from "../../theme/theme-choice.ts";

const wordsOf = (name: string) => name.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
/** "Alder Street Bakery" has AS, "todo" has T. */
const appInitialsOf = (name: string): string =>
  wordsOf(name)
    .slice(0, 2)
    .map((word) => [...word][0]?.toUpperCase() ?? "")
    .join("") || "?";

/** The app's picture in the theme of the studio; without one its initials, its description and its template. For the eye only: what it is in says the rest. */
export function ProjectPicture({
  project,
  isDimmed = false,
}: {
  project: Pick<Project, "name" | "description" | "template_slug" | "thumbnail">;
  /** The app does not run. */
  isDimmed?: boolean;
}) {
  const { isDark } = useTheme();
  const [failed, setFailed] = useState<string>();
  const source = project.thumbnail?.[isDark ? "dark" : "light"];
  if (source !== undefined && source !== failed)
    return (
      <img
        src={source}
        alt=""
        loading="lazy"
        decoding="async"
        width={640}
        height={400}
        onError={() => setFailed(source)}
        className={cx("size-full object-cover object-top", isDimmed && "opacity-60 grayscale")}
      />
    );
  return (
    <div aria-hidden="true" className="flex size-full flex-col bg-bg-2 p-3.5 narrow:p-3">
      <span className="grid size-10 flex-none place-items-center rounded-2 border border-line-0 bg-bg-1 font-display text-lg tracking-title text-fg-1 narrow:size-8 narrow:text-sm">
        {appInitialsOf(project.name)}
      </span>
      <p className="mt-2.5 line-clamp-2 flex-none text-xs leading-read text-fg-2 narrow:mt-1.5 narrow:line-clamp-1">
        {project.description || "No description"}
      </p>
      {project.template_slug ? <span className="mt-auto truncate font-mono text-2xs text-fg-3">{project.template_slug}</span> : null}
    </div>
  );
}
